import { bytesOf, operationsOf } from "../compile/cost.js";
import { isBrief } from "../compile/emit/instructions.js";
import { roundsOf } from "../compile/emit/share.js";
import type { Buffer, Kernel, LoopKernel, ProductKernel } from "../compile/kernel.js";

/** How a kernel is shared out: ranges of its outermost loop, or products over blocks of the result. */
export type Split =
  | {
      readonly kind: "rounds";
      readonly kernel: LoopKernel | ProductKernel;
      readonly rounds: number;
      /** Rounds in a share. */
      readonly grain: number;
      readonly shares: number;
    }
  | { readonly kind: "blocks"; readonly blocks: readonly ProductKernel[]; readonly shares: number };

/**
 * Nanoseconds of a share at least. Waking a thread that sleeps was measured at 5 to 60 µs, meeting one that is awake at
 * one: shares this long lose little to either.
 */
const shortestShare = 20_000;
/** Shares a thread: when one thread is held up, the others take what it does not come to. */
const sharesPerThread = 4;

// What a core was measured to do in a nanosecond, so that shares can be estimated: operations of products and of loops,
// and bytes; and how many operations a routine (an exponential, say) is worth.
const productSpeed = 20;
const loopSpeed = 3;
const memorySpeed = 5;
const routineCost = 8;

function nanosecondsOf(kernel: Kernel, buffers: readonly Buffer[]): number {
  if (kernel.kind === "product") return operationsOf(kernel) / productSpeed;
  const operations = operationsOf(kernel, (instruction) => (isBrief(instruction) ? 1 : routineCost));
  return Math.max(operations / loopSpeed, bytesOf(kernel, buffers) / memorySpeed);
}

/** How to share a kernel out among threads; undefined where it is too small, or cannot be. */
export function splitOf(
  kernel: Kernel,
  buffers: readonly Buffer[],
  threads: number,
  shortest = shortestShare,
): Split | undefined {
  if (kernel.kind === "host") return undefined;
  const most = Math.min(threads * sharesPerThread, Math.floor(nanosecondsOf(kernel, buffers) / shortest));
  if (most < 2) return undefined;
  const split =
    kernel.kind === "loops" ? byRounds(kernel, roundsOf(kernel), most) : splitProduct(kernel, most, threads);
  return split && split.shares > 1 ? split : undefined;
}

function byRounds(kernel: LoopKernel | ProductKernel, rounds: number, most: number): Split {
  const grain = Math.ceil(rounds / Math.min(rounds, most));
  return { kind: "rounds", kernel, rounds, grain, shares: Math.ceil(rounds / grain) };
}

/** Rows or columns of large blocks are multiples of this: whole tiles of every shape. */
const tile = 24;
/** Rows or columns that a block has at least. */
const least = 16;
/** Blocks of fewer columns (or rows) spend their time packing what the other blocks pack too. */
const fewest = 96;

function splitProduct(kernel: ProductKernel, most: number, threads: number): Split | undefined {
  const { m, n, outer, patch } = kernel;
  const [loop] = outer;
  const rounds = loop && !loop.summed ? loop.size : 1;
  if (rounds >= 2 * threads) return byRounds(kernel, rounds, most);
  const blocks = (size: number, cut: (from: number, to: number) => ProductKernel): Split => {
    const wanted = Math.min(most, Math.max(threads, Math.floor(size / fewest)));
    const unit = size / wanted < 2 * tile ? 4 : tile;
    const step = Math.ceil(size / wanted / unit) * unit;
    const parts = Array.from({ length: Math.ceil(size / step) }, (_, k) =>
      cut(k * step, Math.min(size, (k + 1) * step)),
    );
    return { kind: "blocks", blocks: parts, shares: parts.length };
  };
  if (patch) {
    // Blocks of rows would each copy the whole patch.
    const axis = patch.columnAxis;
    if (axis >= 0 && patch.shape[axis] >= threads && n >= threads * least) return patchBlocks(kernel, most, threads);
  }
  // Blocks of columns share no column of B, which is the operand that is packed as a whole.
  if (!patch && n >= threads * least && (n >= threads * fewest || n >= m))
    return blocks(n, (from, to) => columnBlock(kernel, from, to));
  if (m >= threads * least) return blocks(m, (from, to) => rowBlock(kernel, from, to));
  return rounds > 1 ? byRounds(kernel, rounds, most) : undefined;
}

/**
 * Blocks of the columns of a patch, by the outermost axis that they are made of. Each block packs all of A: there are no
 * more than keep them wide, and as many for each thread.
 */
function patchBlocks(kernel: ProductKernel, most: number, threads: number): Split {
  const { b, c, n } = kernel;
  const patch = kernel.patch!;
  const axis = patch.columnAxis;
  const size = patch.shape[axis];
  const each = n / size;
  const wide = Math.max(threads, Math.floor(n / fewest / threads) * threads);
  const step = Math.ceil(size / Math.min(size, most, wide));
  const blocks = Array.from({ length: Math.ceil(size / step) }, (_, k): ProductKernel => {
    const count = Math.min(step, size - k * step);
    return {
      ...kernel,
      n: count * each,
      patch: { ...patch, shape: patch.shape.map((length, at) => (at === axis ? count : length)) },
      b: {
        ...b,
        offset: b.offset + k * step * patch.stride[axis],
        rowStride: b.columnStride === 1 ? count * each : b.rowStride,
      },
      c: { ...c, offset: c.offset + k * step * each * c.columnStride },
    };
  });
  return { kind: "blocks", blocks, shares: blocks.length };
}

function columnBlock(kernel: ProductKernel, from: number, to: number): ProductKernel {
  const { b, c } = kernel;
  return {
    ...kernel,
    n: to - from,
    b: { ...b, offset: b.offset + from * b.columnStride },
    c: { ...c, offset: c.offset + from * c.columnStride },
  };
}

function rowBlock(kernel: ProductKernel, from: number, to: number): ProductKernel {
  const { a, c } = kernel;
  return {
    ...kernel,
    m: to - from,
    a: { ...a, offset: a.offset + from * a.rowStride },
    c: { ...c, offset: c.offset + from * c.rowStride },
  };
}
