import { contiguousStride } from "../../layout.js";
import { inputsOf } from "../../scalar/scalar.js";
import type { LoopKernel } from "../kernel.js";

/** One loop: its size, and for each array of the kernel how far a round moves in it, in elements. */
export interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/**
 * The loops of a kernel after joining axes that every array walks as one. Arrays are numbered: the sources, then the
 * stores phase by phase, then the position in row-major order.
 */
export interface Axes {
  readonly kept: readonly Axis[];
  readonly folded: readonly Axis[];
}

/** The strides of every array of the kernel, in the order that `Axis.strides` counts them. */
export function arraysOf(kernel: LoopKernel): readonly (readonly number[])[] {
  const zero = kernel.shape.map(() => 0);
  const sources = kernel.sources.map((source) => (source.kind === "load" ? source.access.layout.stride : zero));
  const stores = kernel.phases
    .flat()
    .flatMap((statement) => (statement.kind === "store" ? [statement.access.layout.stride] : []));
  return [...sources, ...stores, contiguousStride(kernel.shape)];
}

export function axesOf(kernel: LoopKernel): Axes {
  const arrays = arraysOf(kernel);
  const group = (folded: boolean): Axis[] => {
    const joined: Axis[] = [];
    kernel.shape.forEach((size, axis) => {
      if (size === 1 || kernel.folded.includes(axis) !== folded) return;
      const strides = arrays.map((stride) => stride[axis]);
      const outer = joined[joined.length - 1];
      if (outer?.strides.every((step, k) => step === strides[k] * size))
        joined[joined.length - 1] = { size: outer.size * size, strides };
      else joined.push({ size, strides });
    });
    return joined;
  };
  return { kept: group(false), folded: group(true) };
}

/**
 * Whether the lanes of vectors of `count` are neighbours on the last folded axis, rather than on the last kept one: where
 * the loop over what is folded reaches its elements by fewer instructions that way.
 */
export function foldsAcrossLanes(kernel: LoopKernel, { kept, folded }: Axes, count: number): boolean {
  if (folded.length === 0) return false;
  if (kept.length === 0) return true;
  const inner = innerArrays(kernel);
  const cost = (axis: Axis) =>
    inner.reduce((total, k) => total + (axis.strides[k] === 0 || axis.strides[k] === 1 ? 1 : count), 0);
  const [across, along] = [folded[folded.length - 1], kept[kept.length - 1]];
  return across.size >= 2 * count && cost(across) <= cost(along);
}

/** The arrays that are reached for every element, by number; the others once a row. */
function innerArrays({ sources, phases }: LoopKernel): readonly number[] {
  const statements = phases.flat();
  const full = statements.filter((statement) => statement.kind === "fold" || statement.at === "full");
  const read = new Set(full.flatMap(({ value }) => inputsOf(value)));
  const stores = statements.filter(({ kind }) => kind === "store");
  return [
    ...sources.flatMap((source, k) => (source.kind === "load" && read.has(k) ? [k] : [])),
    ...stores.flatMap((statement, k) => (full.includes(statement) ? [sources.length + k] : [])),
  ];
}
