import { sizeOf } from "../../layout.js";
import { type FunctionBuilder, i32, type Local } from "../../wasm/assembler/index.js";
import type { LoopKernel } from "../kernel.js";
import { type Axes, type Axis, axesOf, foldsAcrossLanes } from "./axes.js";
import type { Walk } from "./walk.js";

// How loops are shared out among threads. No element is computed otherwise than in one piece, so the bits are the same.

/** Part of the rounds of a loop: from one to before another. */
export interface Share {
  readonly from: Local;
  readonly to: Local;
  /** Handed in, so that who shares nothing does not ship it. */
  readonly nest: typeof nestShare;
}

/** Elements that are worked on at least between one look at what is left and the next. */
const elements = 1024;
/** Elements of an axis that stay together at least: a cache line of float32. */
const fewest = 16;

/** The axis of neighbours in a vector cut into blocks, as an axis of their own, and what is left over. */
function blocksOf({ size, strides }: Axis, { folded }: Axes) {
  const each = sizeOf(folded.map((axis) => axis.size));
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

/** A share of the outermost axis, or, of the only one, of blocks; what is left over goes with the last of these. */
export function nestShare(
  { from, to }: Share,
  f: FunctionBuilder,
  { over, within, nest }: Walk,
  axes: Axes,
  [axis, ...rest]: readonly Axis[],
  lane: Axis | undefined,
  body: (lane: Axis | undefined) => void,
): void {
  if (axis) {
    over(axis, from, to, () => nest(rest, () => body(lane)));
    return;
  }
  const blocks = blocksOf(lane!, axes);
  over(blocks.outer, from, to, () => body(blocks.block));
  f.if(i32.eq(to, blocks.outer.size), () => within(blocks.outer, to, () => body(blocks.rest)));
}
