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
// and bytes in the caches; and how many operations a routine (an exponential, say) is worth.
const productSpeed = 20;
const loopSpeed = 3;
const memorySpeed = 20;
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
    kernel.kind === "loops" ? byRounds(kernel, roundsOf(kernel), most, threads) : splitProduct(kernel, most, threads);
  return split && split.shares > 1 ? split : undefined;
}

/** As many shares for each thread, so that its own lie in the same part of every kernel: the same images, say. */
function byRounds(kernel: LoopKernel | ProductKernel, rounds: number, most: number, threads: number): Split {
  const shares = Math.min(rounds, most);
  return { kind: "rounds", kernel, rounds, shares: shares < threads ? shares : shares - (shares % threads) };
}

/** Rows or columns of large blocks are multiples of this: whole tiles of every shape. */
const tile = 24;
/** Rows or columns that a block has at least. */
const least = 16;
/** Columns (or rows) of a block, about: narrower ones spend their time packing what the other blocks pack too. */
const usual = 128;

/** Blocks of so many columns (or rows): as many for each thread, so that all end together. */
function blocksOf(size: number, most: number, threads: number): number {
  const each = Math.max(1, Math.round(size / usual / threads));
  return most < threads ? most : threads * Math.min(each, Math.floor(most / threads));
}

/** Where each of `count` parts begins and ends, all about as long, in units but for the last. */
function partsOf(size: number, count: number, unit: number): { readonly from: number; readonly to: number }[] {
  const end = (k: number) => (k === count ? size : Math.round((k * size) / count / unit) * unit);
  return Array.from({ length: count }, (_, k) => ({ from: end(k), to: end(k + 1) })).filter(
    ({ from, to }) => from < to,
  );
}

function splitProduct(kernel: ProductKernel, most: number, threads: number): Split | undefined {
  const { m, n, outer, patch } = kernel;
  const [loop] = outer;
  const rounds = loop && !loop.summed ? loop.size : 1;
  if (rounds >= 2 * threads || rounds === threads) return byRounds(kernel, rounds, most, threads);
  const blocks = (size: number, cut: (from: number, to: number) => ProductKernel): Split => {
    const count = blocksOf(size, most, threads);
    const parts = partsOf(size, count, size / count < 2 * tile ? 4 : tile);
    return { kind: "blocks", blocks: parts.map(({ from, to }) => cut(from, to)), shares: parts.length };
  };
  if (patch) {
    // Blocks of rows would each copy the whole patch.
    const axis = patch.columnAxis;
    if (axis >= 0 && patch.shape[axis] >= threads && n >= threads * least) return patchBlocks(kernel, most, threads);
  }
  // Blocks of columns share no column of B, which is the operand that is packed as a whole.
  if (!patch && n >= threads * least && (n >= threads * usual || n >= m))
    return blocks(n, (from, to) => columnBlock(kernel, from, to));
  if (m >= threads * least) return blocks(m, (from, to) => rowBlock(kernel, from, to));
  return rounds > 1 ? byRounds(kernel, rounds, most, threads) : undefined;
}

/** Blocks of the columns of a patch, by the outermost axis that they are made of. */
function patchBlocks(kernel: ProductKernel, most: number, threads: number): Split {
  const { b, c, n } = kernel;
  const patch = kernel.patch!;
  const axis = patch.columnAxis;
  const size = patch.shape[axis];
  const each = n / size;
  const parts = partsOf(size, Math.min(size, blocksOf(n, most, threads)), 1);
  const blocks = parts.map(({ from, to }): ProductKernel => {
    const count = to - from;
    return {
      ...kernel,
      n: count * each,
      patch: { ...patch, shape: patch.shape.map((length, at) => (at === axis ? count : length)) },
      b: {
        ...b,
        offset: b.offset + from * patch.stride[axis],
        rowStride: b.columnStride === 1 ? count * each : b.rowStride,
      },
      c: { ...c, offset: c.offset + from * each * c.columnStride },
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
