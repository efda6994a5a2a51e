import type { DType, TypedArray } from "../dtype.js";
import type { Signature } from "../primitive.js";
import { contiguousTensor, type Tensor } from "../tensor.js";
import { stackOf } from "./evaluator.js";
import type { Rows } from "./executable.js";
import type { StepPlan } from "./steps.js";

/** A scan in memory, once its state is in place. */
interface Scan {
  readonly rows: Rows;
  readonly plan: StepPlan;
  /** What a step gives besides its state. */
  readonly outputs: readonly Signature[];
  window(dtype: DType, start: number, size: number): TypedArray;
  steps(count: number, isFirst: number): void;
}

/** Milliseconds between two looks at whether to go on, about; a step is never interrupted. */
const patience = 50;

/** Runs all steps, block after block: rows are copied in, as many steps run in one call, outputs are copied out. */
export function runSteps({ rows: { count, batches, between }, plan, outputs, window, steps }: Scan): readonly Tensor[] {
  const { rows, feedBlocks, outputBlocks } = plan;
  const stacks = outputs.map((output) => stackOf(output, count));
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
    steps(n, done === 0 ? 1 : 0);
    for (const { data, each, block } of blocks) data.set(block.subarray(0, n * each), done * each);
    done += n;
    if (!between) continue;
    between(done);
    const rate = patience / Math.max(1, performance.now() - start!);
    most = Math.max(1, Math.min(rows, Math.floor(n * Math.min(2, rate))));
  }
  return stacks;
}
