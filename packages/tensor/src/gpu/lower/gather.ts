import type { Access, Buffer, HostKernel, LoopKernel } from "../../compile/kernel.js";
import { contiguousLayout, type Layout, sizeOf } from "../../layout.js";
import { add, equal, logicalOr, select, sub } from "../../scalar/instructions.js";
import { input, operation } from "../../scalar/scalar.js";
import { UnsupportedOnGpu } from "../unsupported.js";
import type { Cells } from "./cells.js";

// Gathering reads where a number says. Scattering would write there, which no thread can: each element of the result
// looks for what belongs to it instead, over all that is scattered.

/** Axes in three groups: those shared by values and numbers, those that numbers stand for, those moved as a whole. */
type Strides = readonly [shared: readonly number[], own: readonly number[], rest: readonly number[]];

const cut = ({ stride }: Layout, batch: number, own: number): Strides => [
  stride.slice(0, batch),
  stride.slice(batch, batch + own),
  stride.slice(batch + own),
];

const zeros = (axes: readonly unknown[]): number[] => axes.map(() => 0);

/** The kernel of a primitive that gathers: `output[b…, w…, r…]`. */
export function gatherCells(
  { inputs: [values, numbers], output, outputShape, label }: HostKernel,
  batch: number,
): Cells {
  const [shared, wanted] = cut(numbers.access.layout, batch, Number.POSITIVE_INFINITY);
  const [valuesShared, entry, rest] = cut(values.access.layout, batch, 1);
  const access = ({ buffer, layout: { offset } }: Access, stride: readonly number[]): Access => ({
    buffer,
    layout: { shape: outputShape, stride, offset },
  });
  const size = values.access.layout.shape[batch];
  if (size === 0 && sizeOf(outputShape) > 0)
    throw new UnsupportedOnGpu(`openGpu: ${label} takes entries of an axis that has none`);
  const kernel: LoopKernel = {
    kind: "loops",
    shape: outputShape,
    folded: [],
    sources: [
      {
        kind: "load",
        access: access(values.access, [...valuesShared, ...zeros(wanted), ...rest]),
        dtype: values.dtype,
      },
      { kind: "load", access: access(numbers.access, [...shared, ...wanted, ...zeros(rest)]), dtype: numbers.dtype },
    ],
    phases: [
      [
        {
          kind: "store",
          at: "full",
          value: input(0),
          access: { buffer: output, layout: contiguousLayout(outputShape) },
          dtype: values.dtype,
        },
      ],
    ],
    label,
  };
  return { kernel, gather: { source: 0, by: 1, size, stride: entry[0] } };
}

/** The loops of a primitive that scatters: `output[b…, e, r…]` is a sum over `w…` of what belongs to e. */
export function scatterLoops(
  { inputs: [updates, numbers], output, outputShape, label }: HostKernel,
  batch: number,
  buffers: Buffer[],
): LoopKernel {
  const [shared, wanted] = cut(numbers.access.layout, batch, Number.POSITIVE_INFINITY);
  const [updatesShared, updatesWanted, rest] = cut(updates.access.layout, batch, wanted.length);
  const size = outputShape[batch];
  const counted = numbers.access.layout.shape.slice(batch);
  const shape = [...outputShape, ...counted];
  const first = outputShape.length;
  const entries =
    buffers.push({
      dtype: "int32",
      size,
      initial: { kind: "constant", data: Array.from({ length: size }, (_, k) => k) },
    }) - 1;
  const layout = (stride: readonly number[], offset: number): Layout => ({ shape, stride, offset });
  const load = ({ access, dtype }: HostKernel["inputs"][number], stride: readonly number[]) =>
    ({
      kind: "load",
      access: { buffer: access.buffer, layout: layout(stride, access.layout.offset) },
      dtype,
    }) as const;
  // An entry goes by two numbers, of which one counts from the end.
  const belongs = operation(
    logicalOr,
    operation(equal, input(1), input(2)),
    operation(equal, input(1), operation(sub, input(2), size)),
  );
  const result = contiguousLayout(outputShape).stride.map((step, axis) => (outputShape[axis] === 1 ? 0 : step));
  const dtype = updates.dtype;
  return {
    kind: "loops",
    shape,
    folded: counted.map((_, k) => first + k),
    sources: [
      load(updates, [...updatesShared, 0, ...rest, ...updatesWanted]),
      load(numbers, [...shared, 0, ...zeros(rest), ...wanted]),
      {
        kind: "load",
        access: { buffer: entries, layout: layout([...zeros(shared), 1, ...zeros(rest), ...zeros(wanted)], 0) },
        dtype: "int32",
      },
      { kind: "folded", fold: 0, dtype },
    ],
    phases: [
      [
        {
          kind: "fold",
          fold: 0,
          value: operation(select, belongs, input(0), 0),
          combine: add,
          identity: 0,
          dtype,
        },
        {
          kind: "store",
          at: "row",
          value: input(3),
          access: { buffer: output, layout: layout([...result, ...zeros(wanted)], 0) },
          dtype,
        },
      ],
    ],
    label,
  };
}
