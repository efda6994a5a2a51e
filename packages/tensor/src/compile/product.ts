import { contiguousStride } from "../layout.js";
import type { Contraction } from "../primitive.js";
import type { Convolver } from "./convolve.js";
import type { ProductKernel } from "./kernel.js";
import { labelled, trailing } from "./labels.js";

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
 * Without a convolver such labels are loops too.
 */
export function productKernel(
  contraction: Contraction,
  buffers: ProductBuffers,
  dtype: "float32" | "float64",
  label: string,
  convolver: Convolver | undefined,
): ProductKernel {
  const { operands, output } = contraction;
  const all = labelled(contraction);
  const { left, right, size, count, strides, together, own } = all;
  const columns = trailing(output, own(right));
  const rows = trailing(output.slice(0, output.length - columns.length), own(left));
  const loops = output.slice(0, output.length - columns.length - rows.length);
  while (together(left, rows) === undefined) loops.push(rows.shift()!);
  const inner = all.farFirst(left, all.summed);
  const adding: number[] = [];
  // A sum over nothing is one product of no steps, which stores zeros: no loop may skip it.
  const nothing = inner.find((l) => size(l) === 0);
  if (nothing !== undefined) inner.splice(0, inner.length, nothing);
  while (together(left, inner) === undefined) adding.push(inner.shift()!);
  const direct = () => together(right, inner) !== undefined && together(right, columns) !== undefined;
  const largest = (convolver?.largestPatch ?? 0) / (dtype === "float32" ? 4 : 8);
  while (!direct() && columns.length > 1 && count(inner) * count(columns) > largest) loops.push(columns.shift()!);
  if (!convolver) while (!direct()) adding.push(inner.shift()!);

  const outStride = contiguousStride(output.map(size));
  const inOutput = (l: number): number => outStride[output.indexOf(l)];
  const round = (summed: boolean) => (l: number) => {
    const [a, b] = [left, right].map((operand) => strides(operand, [l])[0]);
    return { size: size(l), a, b, c: summed ? 0 : inOutput(l), summed };
  };
  const names = [buffers.a, buffers.b];
  const patch = direct() ? undefined : convolver!.patchOf(all, inner, columns);
  const n = count(columns);
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
      rowStride: patch ? patch.rowStride : together(right, inner)!,
      columnStride: patch ? patch.columnStride : together(right, columns)!,
    },
    c: {
      buffer: buffers.c,
      offset: 0,
      rowStride: rows.length > 0 ? inOutput(rows[rows.length - 1]) : n,
      columnStride: 1,
    },
    outer: [...loops.map(round(false)), ...adding.map(round(true))],
    ...(patch && { patch: patch.copy }),
    label,
  };
}
