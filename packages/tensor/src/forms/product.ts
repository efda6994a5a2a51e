import { copyInto, mergeAxes } from "../copy.js";
import { allocate, type DType, dtypeOf, isFloating, type TypedArray } from "../dtype.js";
import { type Layout, positionsOf, sizeOf } from "../layout.js";
import { uninitialized } from "../memory.js";
import { fromData, type Tensor, viewOf } from "../tensor.js";
import { type FloatArray, multiplyInto } from "../wasm/eagerProduct.js";
import { alignLabels, labelSizes } from "./labels.js";

// A contraction as matrix products: labels fall into those of rows (of one operand and the output), columns (of the
// other and the output), steps (summed over) and loops (whatever is left: one product for each of their combinations).

type Labels = readonly number[];

interface Plan {
  readonly loops: Labels;
  readonly rows: Labels;
  readonly columns: Labels;
  readonly steps: Labels;
  /** The operand that the rows belong to. */
  readonly left: 0 | 1;
}

interface Operand {
  readonly data: TypedArray;
  readonly layout: Layout;
  readonly labels: Labels;
}

/** Elements that are copied at once at most where a copy repeats entries, as overlapping windows do. */
const largestCopy = 2 ** 20;

/** Below this many multiplications a product in WebAssembly costs more to reach than it saves. */
const smallestProduct = 2 ** 9;

/** The stride of several axes taken as one; undefined where they have none. */
function singleStride(operand: Operand, group: Labels, sizes: ReadonlyMap<number, number>): number | undefined {
  const { shape, stride } = mergeAxes(alignLabels(operand.layout, operand.labels, group, sizes));
  return shape.length === 0 ? 1 : shape.length === 1 ? stride[0] : undefined;
}

function plan(operands: readonly Operand[], kept: Labels, sizes: ReadonlyMap<number, number>): Plan | undefined {
  const [a, b] = operands.map(({ labels }) => labels);
  const summed = a.filter((label) => !kept.includes(label));
  if (!summed.every((label) => b.includes(label)) || summed.length + kept.length !== sizes.size) return undefined;
  const ownerOf = (label: number): 0 | 1 => (a.includes(label) ? 0 : 1);
  const loops = kept.filter((label) => a.includes(label) && b.includes(label));
  const rest = kept.filter((label) => !loops.includes(label));
  const size = (labels: Labels) => sizeOf(labels.map((label) => sizes.get(label)!));
  const orders = [summed, b.filter((label) => summed.includes(label))];
  const merged = orders.map((order) => operands.filter((x) => singleStride(x, order, sizes) !== undefined).length);
  const steps = orders[merged[1] > merged[0] ? 1 : 0];
  for (;;) {
    const left = rest.length === 0 ? 0 : ownerOf(rest[0]);
    const rows = rest.filter((label) => ownerOf(label) === left);
    const columns = rest.filter((label) => ownerOf(label) !== left);
    const expands = [rows, columns].some((group, k) => {
      const elements = size(group) * size(steps);
      return elements > largestCopy && elements > operands[k === 0 ? left : 1 - left].data.length;
    });
    // The output's block must be all rows, then all columns.
    if (rows.every((label, k) => label === rest[k]) && !(expands && rest.length > 1))
      return { loops, rows, columns, steps, left };
    loops.push(rest.shift()!);
  }
}

interface Matrix {
  readonly data: FloatArray;
  readonly offset: number;
  /** Along rows or columns of the product, and along the steps. */
  readonly groupStride: number;
  readonly stepStride: number;
}

/** An operand's matrix from any start: in place where it has two strides and the right type, else as a copy. */
function matrixOf(
  operand: Operand,
  group: Labels,
  steps: Labels,
  sizes: ReadonlyMap<number, number>,
  dtype: DType,
): (start: number) => Matrix {
  const [groupStride, stepStride] = [group, steps].map((labels) => singleStride(operand, labels, sizes));
  const { data } = operand;
  if (groupStride !== undefined && stepStride !== undefined && dtypeOf(data) === dtype)
    return (offset) => ({ data: data as FloatArray, offset, groupStride, stepStride });
  const along = (labels: Labels) => alignLabels(operand.layout, operand.labels, labels, sizes);
  const [groupSize, stepSize] = [group, steps].map((labels) => sizeOf(along(labels).shape));
  // The copy runs along the operand's own fastest axis.
  const groupLast = along(group).stride.at(-1) === 1;
  const source = along(groupLast ? [...steps, ...group] : [...group, ...steps]);
  const copy = allocate(dtype, groupSize * stepSize) as FloatArray;
  const matrix = {
    data: copy,
    offset: 0,
    groupStride: groupLast ? 1 : stepSize,
    stepStride: groupLast ? groupSize : 1,
  };
  let copied = -1;
  return (start) => {
    if (start !== copied) copyInto(copy, 0, data, { ...source, offset: start });
    copied = start;
    return matrix;
  };
}

/**
 * The contraction by the WebAssembly product kernel; undefined where it does not pay or cannot be had. Sums are carried
 * in the type of the result, unlike the reference's float64.
 */
export function productOf(
  inputs: readonly Tensor[],
  layouts: readonly Layout[],
  labels: readonly Labels[],
  kept: Labels,
  dtype: DType,
): Tensor | undefined {
  if (!isFloating(dtype)) return undefined;
  const sizes = labelSizes(layouts, labels);
  if (sizeOf([...sizes.values()]) < smallestProduct) return undefined;
  const operands = layouts.map((layout, k) => ({ data: inputs[k].data, layout, labels: labels[k] }));
  const found = plan(operands, kept, sizes);
  if (!found) return undefined;
  const { loops, rows, columns, steps, left } = found;
  const [m, n, k] = [rows, columns, steps].map((group) => sizeOf(group.map((label) => sizes.get(label)!)));
  if (m * n * k < smallestProduct) return undefined;
  const sides = [operands[left], operands[1 - left]];
  const starts = sides.map((x) => positionsOf(alignLabels(x.layout, x.labels, loops, sizes)));
  const [rowsOf, columnsOf] = sides.map((x, side) => matrixOf(x, side === 0 ? rows : columns, steps, sizes, dtype));
  const out = uninitialized(dtype, starts[0].length * m * n) as FloatArray;
  for (let loop = 0; loop < starts[0].length; loop++) {
    const a = rowsOf(starts[0][loop]);
    const b = columnsOf(starts[1][loop]);
    const done = multiplyInto(
      { data: a.data, offset: a.offset, rowStride: a.groupStride, columnStride: a.stepStride },
      { data: b.data, offset: b.offset, rowStride: b.stepStride, columnStride: b.groupStride },
      out.subarray(loop * m * n, (loop + 1) * m * n),
      m,
      k,
      n,
    );
    if (!done) return undefined;
  }
  const order = [...loops, ...rows, ...columns];
  const whole = fromData(
    out,
    dtype,
    order.map((label) => sizes.get(label)!),
  );
  return viewOf(whole, alignLabels(whole, order, kept, sizes));
}
