import type { Local } from "../../wasm/assembler/index.js";
import type { LoopKernel } from "../kernel.js";
import { type Axes, type Axis, axesOf, foldsAcrossLanes } from "./axes.js";

// How loops are shared out among threads. No element is computed otherwise than in one piece, so the bits are the same.

/** Part of the rounds of a loop: from one to before another. */
export interface Share {
  readonly from: Local;
  readonly to: Local;
  /** Handed in, so that who shares nothing does not ship it. */
  readonly blocksOf: typeof blocksOf;
}

/** Elements that are worked on at least between one look at what is left and the next. */
const elements = 1024;
/** Elements of an axis that stay together at least: a cache line of float32. */
const fewest = 16;

/** The axis of neighbours in a vector cut into blocks, as an axis of their own, and what is left over. */
export function blocksOf({ size, strides }: Axis, { folded }: Axes) {
  const each = folded.reduce((total, axis) => total * axis.size, 1);
  const block = Math.max(fewest, Math.ceil(elements / Math.max(1, each) / fewest) * fewest);
  return {
    outer: { size: Math.floor(size / block), strides: strides.map((step) => step * block) },
    block: { size: block, strides },
    rest: { size: size % block, strides },
  };
}

/** Rounds of the loop that `emitLoops` shares out: those of the outermost kept axis, or blocks of the only one. */
export function roundsOf(kernel: LoopKernel): number {
  const axes = axesOf(kernel);
  const [outermost, ...others] = axes.kept;
  if (!outermost) return 1;
  const dtypes = [...kernel.sources, ...kernel.phases.flat()].map(({ dtype }) => dtype);
  const isNest = others.length > 0 || foldsAcrossLanes(kernel, axes, dtypes.includes("float64") ? 2 : 4);
  return isNest ? outermost.size : Math.max(1, blocksOf(outermost, axes).outer.size);
}
