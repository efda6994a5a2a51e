import { alignLabels } from "../forms/labels.js";
import { contiguousLayout, type Layout } from "../layout.js";
import type { Contraction } from "../primitive.js";
import { labelled, trailing } from "./labels.js";

/** A contraction that suits the product kernel better, and what makes it give the same. */
export interface Arrangement {
  readonly contraction: Contraction;
  /** The operand that is copied first, in the order that the contraction reads it. */
  readonly copy?: { readonly operand: 0 | 1; readonly layout: Layout };
  /** What is computed, seen as what is wanted, or as the parts that add up to it; undefined where it is that already. */
  readonly result?: Layout;
}

/** Products with fewer columns, or fewer steps of the sum, do not pay for filling the registers. */
const enough = 32;
/** Multiplications for each element that is copied, so that copying does not matter. */
const perCopy = 64;
/** In how many parts a sum over images is computed at most. */
const mostParts = 8;
/** Multiplications for each element of a part, so that neither adding them up nor their memory matters. */
const perPart = 256;
/** The label of the parts. */
const part = -1;

/**
 * Where the order of the output leaves few columns, all of an operand's own labels become columns (or rows) and the
 * result is permuted; where a small operand has no single stride along the sum, it is copied so that it has one. Both
 * turn many small products, as in the derivatives of convolutions, into few large ones. Where they remain many that add
 * up, over images, they do so in parts, which threads share: the same parts on one thread, so that the bits are the same.
 */
export function arrange(contraction: Contraction): Arrangement {
  const { operands, labels, output } = contraction;
  const { sizes, left, right, size, count, summed, own, strides, together, farFirst } = labelled(contraction);
  const work = count([...sizes.keys()]);
  const [rows, columns] = [output.filter(own(left)), output.filter(own(right))];
  const order = [...output.filter((l) => !rows.includes(l) && !columns.includes(l)), ...rows, ...columns];
  const isInOrder = columns.every((l, k) => l === output[output.length - columns.length + k]);
  const reordered = !isInOrder && count(trailing(output, own(right))) < enough && count(output) * perCopy <= work;
  const inner = summed.filter((l) => labels[left].includes(l));
  const merging = farFirst(left, inner);
  while (together(left, merging) === undefined) merging.shift();
  const read = [...labels[left].filter((l) => !inner.includes(l)), ...farFirst(right, inner)];
  const copied = count(merging) < enough && count(merging) < count(inner) && count(read) * perCopy <= work;
  const layout = copied ? alignLabels(operands[left], labels[left], read, sizes) : undefined;
  const isCut = output[0] === part;
  const [far] = farFirst(left, inner);
  let parts = isCut || copied || merging.length === inner.length ? 1 : mostParts;
  while (size(far) % parts > 0) parts--;
  if (parts > 1 && parts * count(output) * perPart <= work) {
    sizes.set(far, size(far) / parts);
    return arrange({
      operands: operands.map(({ stride, offset }, k) => ({
        shape: [parts, ...labels[k].map(size)],
        stride: [strides(k, [far])[0] * size(far), ...stride],
        offset,
      })),
      labels: labels.map((own) => [part, ...own]),
      output: [part, ...output],
    });
  }
  const made = reordered ? order : output;
  const result = reordered || isCut ? alignLabels(contiguousLayout(made.map(size)), made, output, sizes) : undefined;
  const isCopied = (k: number): boolean => copied && k === left;
  return {
    contraction: {
      operands: operands.map((x, k) => (isCopied(k) ? contiguousLayout(read.map(size)) : x)),
      labels: labels.map((own, k) => (isCopied(k) ? read : own)),
      output: made,
    },
    ...(layout && { copy: { operand: left, layout } }),
    ...(result && { result }),
  };
}
