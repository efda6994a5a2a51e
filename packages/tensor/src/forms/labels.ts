import type { Layout } from "../layout.js";

/** The number of entries under each label. */
export function labelSizes(
  operands: readonly { readonly shape: readonly number[] }[],
  labels: readonly (readonly number[])[],
): Map<number, number> {
  const sizes = new Map<number, number>();
  operands.forEach(({ shape }, k) => {
    shape.forEach((size, axis) => {
      sizes.set(labels[k][axis], size);
    });
  });
  return sizes;
}

/** An operand seen with one axis for each of `wanted`; labels that it lacks are repeated. */
export function alignLabels(
  operand: Layout,
  labels: readonly number[],
  wanted: readonly number[],
  sizes: ReadonlyMap<number, number>,
): Layout {
  return {
    shape: wanted.map((label) => sizes.get(label)!),
    stride: wanted.map((label) => (labels.includes(label) ? operand.stride[labels.indexOf(label)] : 0)),
    offset: operand.offset,
  };
}
