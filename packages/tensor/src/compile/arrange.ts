import { alignLabels, labelSizes } from "../forms/labels.js";
import { contiguousLayout, type Layout } from "../layout.js";
import type { Contraction } from "../primitive.js";

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
 * The columns of C come from the right operand: the second one, unless the output's last label is the first one's alone.
 */
export function sidesOf({ labels, output }: Contraction): readonly [left: 0 | 1, right: 0 | 1] {
  const last = output[output.length - 1];
  return last !== undefined && labels[0].includes(last) && !labels[1].includes(last) ? [1, 0] : [0, 1];
}

/** One stride for several axes walked as one, where there is one; axes of size 1 do not matter. */
export function merged(sizes: readonly number[], strides: readonly number[]): number | undefined {
  let stride: number | undefined;
  let extent = 1;
  for (let k = sizes.length - 1; k >= 0; k--) {
    if (sizes[k] === 1) continue;
    if (stride === undefined) stride = strides[k];
    else if (strides[k] !== stride * extent) return undefined;
    extent *= sizes[k];
  }
  return stride ?? 0;
}

/**
 * Where the order of the output leaves few columns, all of an operand's own labels become columns (or rows) and the
 * result is permuted; where a small operand has no single stride along the sum, it is copied so that it has one. Both
 * turn many small products, as in the derivatives of convolutions, into few large ones.
 */
export function arrange(contraction: Contraction): Arrangement {
  const { operands, labels, output } = contraction;
  const sizes = labelSizes(operands, labels);
  const count = (group: readonly number[]): number => group.reduce((total, l) => total * sizes.get(l)!, 1);
  const work = count([...sizes.keys()]);
  const [left, right] = sidesOf(contraction);
  const own = (operand: number) =>
    output.filter((l) => labels[operand].includes(l) && !labels[1 - operand].includes(l));
  const [rows, columns] = [own(left), own(right)];
  const order = [...output.filter((l) => !rows.includes(l) && !columns.includes(l)), ...rows, ...columns];
  const isInOrder = columns.every((l, k) => l === output[output.length - columns.length + k]);
  const reordered = !isInOrder && count(trailing(output, columns)) < enough && count(output) * perCopy <= work;
  const result = reordered
    ? alignLabels(contiguousLayout(order.map((l) => sizes.get(l)!)), order, output, sizes)
    : undefined;

  const stride = (operand: number, group: readonly number[]) =>
    alignLabels(operands[operand], labels[operand], group, sizes).stride;
  const summed = [...sizes.keys()].filter((l) => !output.includes(l) && labels[left].includes(l));
  const bySize = (operand: number) => (p: number, q: number) =>
    Math.abs(stride(operand, [q])[0]) - Math.abs(stride(operand, [p])[0]);
  const inner = [...summed].sort(bySize(left));
  const together = [...inner];
  while (
    merged(
      together.map((l) => sizes.get(l)!),
      stride(left, together),
    ) === undefined
  )
    together.shift();
  const read = [...labels[left].filter((l) => !summed.includes(l)), ...[...summed].sort(bySize(right))];
  const copied = count(together) < enough && count(together) < count(inner) && count(read) * perCopy <= work;
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

/** A contraction as one loop nest: over the output's labels, then those that are summed, which are `axes` of it. */
export interface SlenderLoop {
  readonly labels: readonly number[];
  readonly sizes: ReadonlyMap<number, number>;
  readonly shape: readonly number[];
  readonly axes: readonly number[];
}

/**
 * Where one side of C has a single entry (a vector is multiplied), or nothing is summed, tiles would be mostly empty.
 * undefined for other contractions, and where no loop would find neighbours in the larger operand.
 */
export function slenderLoop({ operands, labels, output }: Contraction): SlenderLoop | undefined {
  const sizes = labelSizes(operands, labels);
  const size = (l: number): number => sizes.get(l)!;
  const count = (group: readonly number[]): number => group.reduce((total, l) => total * size(l), 1);
  if (operands.length !== 2 || output.some((l) => !sizes.has(l))) return undefined;
  const summed = [...sizes.keys()].filter((l) => !output.includes(l) && size(l) !== 1);
  const own = (n: number) => count(output.filter((l) => labels[n].includes(l) && !labels[1 - n].includes(l)));
  if (summed.length > 0 && Math.min(own(0), own(1)) > 1) return undefined;
  const larger = own(0) >= own(1) ? 0 : 1;
  const near = labels[larger].some((l, axis) => size(l) > 1 && operands[larger].stride[axis] === 1);
  if (!near && count([...sizes.keys()]) > 1) return undefined;
  const inOrder = [...summed].sort((p, q) => strideOf(larger, q) - strideOf(larger, p));
  function strideOf(n: number, l: number): number {
    const axis = labels[n].indexOf(l);
    return axis < 0 ? 0 : Math.abs(operands[n].stride[axis]);
  }
  const all = [...output, ...inOrder];
  return { labels: all, sizes, shape: all.map(size), axes: inOrder.map((_, k) => output.length + k) };
}

/** The end of the output that is these labels alone. */
function trailing(output: readonly number[], group: readonly number[]): readonly number[] {
  let from = output.length;
  while (from > 0 && group.includes(output[from - 1])) from--;
  return output.slice(from);
}
