import { alignLabels } from "../forms/labels.js";
import { contiguousLayout, type Layout } from "../layout.js";
import type { Contraction } from "../primitive.js";
import { labelled, trailing } from "./labels.js";

/** A contraction that suits the product kernel better, and what makes it give the same. */
export interface Arrangement {
  readonly contraction: Contraction;
  /** The operand that is copied first, in the order that the contraction reads it. */
  readonly copy?: { readonly operand: 0 | 1; readonly layout: Layout };
  /** What is computed, seen as what is wanted; undefined where it is that already. */
  readonly result?: Layout;
}

/** Products with fewer columns, or fewer steps of the sum, do not pay for filling the registers. */
const enough = 32;
/** Multiplications for each element that is copied, so that copying does not matter. */
const perCopy = 64;

/**
 * Where the order of the output leaves few columns, all of an operand's own labels become columns (or rows) and the
 * result is permuted; where a small operand has no single stride along the sum, it is copied so that it has one. Both
 * turn many small products, as in the derivatives of convolutions, into few large ones.
 */
export function arrange(contraction: Contraction): Arrangement {
  const { operands, labels, output } = contraction;
  const { sizes, left, right, size, count, summed, own, together, farFirst } = labelled(contraction);
  const work = count([...sizes.keys()]);
  const [rows, columns] = [output.filter(own(left)), output.filter(own(right))];
  const order = [...output.filter((l) => !rows.includes(l) && !columns.includes(l)), ...rows, ...columns];
  const isInOrder = columns.every((l, k) => l === output[output.length - columns.length + k]);
  const reordered = !isInOrder && count(trailing(output, own(right))) < enough && count(output) * perCopy <= work;
  const result = reordered ? alignLabels(contiguousLayout(order.map(size)), order, output, sizes) : undefined;

  const inner = summed.filter((l) => labels[left].includes(l));
  const merging = farFirst(left, inner);
  while (together(left, merging) === undefined) merging.shift();
  const read = [...labels[left].filter((l) => !inner.includes(l)), ...farFirst(right, inner)];
  const copied = count(merging) < enough && count(merging) < count(inner) && count(read) * perCopy <= work;
  const layout = copied ? alignLabels(operands[left], labels[left], read, sizes) : undefined;
  const replaced = <T>(all: readonly T[], one: T): T[] => all.map((x, k) => (k === left ? one : x));
  return {
    contraction: {
      operands: layout ? replaced(operands, contiguousLayout(layout.shape)) : operands,
      labels: layout ? replaced(labels, read) : labels,
      output: reordered ? order : output,
    },
    ...(layout && { copy: { operand: left, layout } }),
    ...(result && { result }),
  };
}
