import { alignLabels, labelSizes } from "../forms/labels.js";
import { contiguousStride } from "../layout.js";
import type { Contraction } from "../primitive.js";
import { merged, sidesOf } from "./arrange.js";
import type { PatchCopy, ProductKernel } from "./kernel.js";

/** Which buffers a product reads and writes. */
export interface ProductBuffers {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/**
 * A contraction as matrix products inside loops. The output's labels are, in its order: loops, then the rows, then the
 * columns of C. Summed labels that the left operand walks with one stride are the product's inner size; the others are
 * loops that add up. Where the right operand has no single stride, its part for one round is copied: a bounded patch.
 */
export function productKernel(
  contraction: Contraction,
  buffers: ProductBuffers,
  dtype: "float32" | "float64",
  label: string,
): ProductKernel {
  const { operands, labels, output } = contraction;
  const sizes = labelSizes(operands, labels);
  const size = (l: number): number => sizes.get(l)!;
  const count = (group: readonly number[]): number => group.reduce((total, l) => total * size(l), 1);
  const [left, right] = sidesOf(contraction);
  const stride = (operand: number, l: number): number =>
    alignLabels(operands[operand], labels[operand], [l], sizes).stride[0];
  const strides = (operand: number, group: readonly number[]): number[] => group.map((l) => stride(operand, l));
  const together = (operand: number, group: readonly number[]) => merged(group.map(size), strides(operand, group));
  const own = (operand: number) => (l: number) => labels[operand].includes(l) && !labels[1 - operand].includes(l);

  const columns = trailing(output, own(right));
  const rows = trailing(output.slice(0, output.length - columns.length), own(left));
  const loops = output.slice(0, output.length - columns.length - rows.length);
  while (together(left, rows) === undefined) loops.push(rows.shift()!);
  const inner = [...sizes.keys()]
    .filter((l) => !output.includes(l))
    .sort((p, q) => Math.abs(stride(left, q)) - Math.abs(stride(left, p)));
  const adding: number[] = [];
  // A sum over nothing is one product of no steps, which stores zeros: no loop may skip it.
  const nothing = inner.find((l) => size(l) === 0);
  if (nothing !== undefined) inner.splice(0, inner.length, nothing);
  while (together(left, inner) === undefined) adding.push(inner.shift()!);
  const direct = () => together(right, inner) !== undefined && together(right, columns) !== undefined;
  const bytes = dtype === "float32" ? 4 : 8;
  while (!direct() && columns.length > 1 && count(inner) * count(columns) * bytes > largestPatch)
    loops.push(columns.shift()!);

  const n = count(columns);
  const outStride = contiguousStride(output.map(size));
  const inOutput = (l: number): number => outStride[output.indexOf(l)];
  const round = (l: number, summed: boolean) => ({
    size: size(l),
    a: stride(left, l),
    b: stride(right, l),
    c: summed ? 0 : inOutput(l),
    summed,
  });
  const names = [buffers.a, buffers.b];
  // A patch is copied in the order in which its source has the longest runs; packing transposes it where need be.
  const runOf = (group: readonly number[]): number => {
    const end = group[group.length - 1];
    return end !== undefined && stride(right, end) === 1 ? size(end) : 0;
  };
  const byColumns = runOf(inner) > runOf(columns);
  const order = byColumns ? [...columns, ...inner] : [...inner, ...columns];
  const patch: PatchCopy | undefined = direct()
    ? undefined
    : { shape: order.map(size), stride: strides(right, order), columnAxis: order.indexOf(columns[0]) };
  return {
    kind: "product",
    dtype,
    m: count(rows),
    k: count(inner),
    n,
    a: {
      buffer: names[left],
      offset: operands[left].offset,
      rowStride: together(left, rows)!,
      columnStride: together(left, inner)!,
    },
    b: {
      buffer: names[right],
      offset: operands[right].offset,
      rowStride: patch ? (byColumns ? 1 : n) : together(right, inner)!,
      columnStride: patch ? (byColumns ? count(inner) : 1) : together(right, columns)!,
    },
    c: {
      buffer: buffers.c,
      offset: 0,
      rowStride: rows.length > 0 ? inOutput(rows[rows.length - 1]) : n,
      columnStride: 1,
    },
    outer: [...loops.map((l) => round(l, false)), ...adding.map((l) => round(l, true))],
    ...(patch && { patch }),
    label,
  };
}

/** Bytes that the copy of a patch may take: what the second cache holds. */
const largestPatch = 2 ** 20;

function trailing(output: readonly number[], belongs: (label: number) => boolean): number[] {
  let from = output.length;
  while (from > 0 && belongs(output[from - 1])) from--;
  return output.slice(from);
}
