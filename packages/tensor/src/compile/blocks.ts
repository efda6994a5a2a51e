import { allocate } from "../dtype.js";
import { contiguousStride, type Layout, sizeOf } from "../layout.js";
import type { Signature } from "../primitive.js";
import { contiguousTensor, fromData, Tensor, viewOf } from "../tensor.js";
import type { Executable, Inside } from "./executable.js";

/** Rows of batches to run over, one a step; what is stacked has one axis more than what a step takes or gives. */
export interface Rows {
  readonly count: number;
  readonly batches: readonly Tensor[];
  /** Called now and then with the number of steps that are done; what it throws ends the scan. */
  readonly between?: ((done: number) => void) | undefined;
}

/** Milliseconds between two looks at whether to go on, about; a step is never interrupted. */
const patience = 50;

/**
 * Runs all steps, block after block: rows are copied in, as many steps run in one call, outputs are copied out. Returns
 * the last state, then the other results, stacked.
 */
export function runInside(inside: Inside, state: readonly Tensor[], { count, batches, between }: Rows): Tensor[] {
  const { rows, feedBlocks, outputBlocks } = inside.plan;
  const { results, window } = inside;
  inside.enter(state);
  const stacks = results.slice(state.length).map((result) => stackOf(result, count));
  const feeds = batches.flatMap((x, k) => {
    if (!(feedBlocks[k] >= 0)) return [];
    const { data, offset, dtype, size } = contiguousTensor(x);
    const each = count === 0 ? 0 : size / count;
    return [{ data, offset, each, block: window(dtype, feedBlocks[k], rows * each) }];
  });
  const blocks = stacks.map(({ data, dtype, size }, k) => {
    const each = count === 0 ? 0 : size / count;
    return { data, each, block: window(dtype, outputBlocks[k], rows * each) };
  });
  let most = between ? 1 : rows;
  for (let done = 0; done < count; ) {
    const n = Math.min(most, count - done);
    for (const { data, offset, each, block } of feeds)
      block.set(data.subarray(offset + done * each, offset + (done + n) * each));
    const start = between && performance.now();
    inside.steps(n, done === 0 ? 1 : 0);
    for (const { data, each, block } of blocks) data.set(block.subarray(0, n * each), done * each);
    done += n;
    if (!between) continue;
    between(done);
    const rate = patience / Math.max(1, performance.now() - start!);
    most = Math.max(1, Math.min(rows, Math.floor(n * Math.min(2, rate))));
  }
  const last =
    count === 0
      ? state.map((x) => fromData(x.toTypedArray(), x.dtype, x.shape))
      : state.map((_, k) => fromData(results[k].view.slice(), results[k].dtype, results[k].shape));
  return [...last, ...stacks];
}

/** The same by a call for each step, where there is no memory of a program to run in. */
export function runOutside(
  executable: Executable,
  results: readonly Signature[],
  state: readonly Tensor[],
  { count, batches, between }: Rows,
): Tensor[] {
  const stacks = results.slice(state.length).map((result) => stackOf(result, count));
  let carried = state.map((x) => fromData(x.toTypedArray(), x.dtype, x.shape));
  for (let k = 0; k < count; k++) {
    const made = executable.call([...carried, ...batches.map((x) => viewOf(x, rowLayout(x, k)))]);
    carried = made.slice(0, state.length);
    stacks.forEach((stack, n) => {
      const { data } = made[state.length + n];
      stack.data.set(data, k * data.length);
    });
    between?.(k + 1);
  }
  return [...carried, ...stacks];
}

/** The first axis taken off: the layout of row k. */
const rowLayout = ({ shape, stride, offset }: Layout, k: number): Layout => ({
  shape: shape.slice(1),
  stride: stride.slice(1),
  offset: offset + k * stride[0],
});

/** Room for `count` tensors like this one. */
function stackOf({ dtype, shape }: Signature, count: number): Tensor {
  const all = [count, ...shape];
  return new Tensor({ data: allocate(dtype, sizeOf(all)), version: 0 }, dtype, all, contiguousStride(all), 0);
}
