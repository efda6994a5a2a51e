import { cast, concat, leaves, mapLeaves, matchLeaves, promote, reshape, slice, type Tensor } from "@kinship/tensor";

export interface Vectors<S> {
  /** All numbers of a structure, one after another, in the widest dtype of the example. */
  join(structure: S): Tensor;
  /** The structure whose numbers these are, each tensor with its shape and dtype. */
  split(vector: Tensor): S;
}

/** Structures like the example as vectors, and back. @throws TypeError for another structure. */
export function vectorsLike<S>(name: string, example: S): Vectors<S> {
  const dtype = leaves(name, example)
    .map((leaf) => leaf.dtype)
    .reduce(promote);
  return {
    join: (structure) =>
      concat(matchLeaves(name, example, structure).map(([, leaf]) => cast(reshape(leaf, [leaf.size]), dtype))),
    split(vector) {
      let from = 0;
      return mapLeaves(name, example, ({ size, shape, dtype }) => {
        const own = slice(vector, [[from, from + size]]);
        from += size;
        return cast(reshape(own, shape), dtype);
      });
    },
  };
}
