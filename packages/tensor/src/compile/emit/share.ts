import type { Local } from "../../wasm/assembler/index.js";
import type { LoopKernel } from "../kernel.js";
import { type Axis, axesOf, foldsAcrossLanes } from "./axes.js";

// How loops are shared out among threads. No element is computed otherwise than in one piece, so the bits are the same.

/** Part of the rounds of a loop: from one to before another. */
export interface Share {
  readonly from: Local;
  readonly to: Local;
}

/** Elements of a lone axis that stay together. */
const block = 1024;

/** An axis cut into blocks, as an axis of their own, and what is left over. */
export const blocksOf = ({ size, strides }: Axis) => ({
  outer: { size: Math.floor(size / block), strides: strides.map((step) => step * block) },
  block: { size: block, strides },
  rest: { size: size % block, strides },
});

/** Rounds of the loop that `emitLoops` shares out: those of the outermost kept axis, or blocks of the only one. */
export function roundsOf(kernel: LoopKernel): number {
  const axes = axesOf(kernel);
  const [outermost, ...others] = axes.kept;
  if (!outermost) return 1;
  const dtypes = [...kernel.sources, ...kernel.phases.flat()].map(({ dtype }) => dtype);
  const isNest = others.length > 0 || foldsAcrossLanes(axes, dtypes.includes("float64") ? 2 : 4);
  return isNest ? outermost.size : Math.max(1, blocksOf(outermost).outer.size);
}
