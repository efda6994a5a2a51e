import {
  type Expression,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  type Local,
  select,
  shuffle32,
  v128,
} from "./assembler/index.js";
import { emitLoop, type VectorAccess } from "./elementwise.js";
import { forRange } from "./loops.js";
import type { Site } from "./math/shape.js";
import { type ComputeType, lanesOf, type Stream, streamBytes } from "./stream.js";

export interface ReduceOptions {
  readonly compute: ComputeType;
  readonly count: Expression;
  /** What does not change the other operand; it stands in lanes that hold no element. */
  readonly identity: Expression;
  combine(a: Expression, b: Expression): Expression;
  /** The vector to fold in. */
  value(access: VectorAccess): Expression;
  readonly broadcasts?: readonly Stream[];
  /** Independent partial results, so that one does not wait for another; the value is written so many times. */
  readonly unroll?: number;
}

/** Folds all elements into the lanes of one vector: fold those with `foldLanes`. */
export function emitReduce(site: Site, options: ReduceOptions): Local {
  const { f } = site;
  const { compute, count, identity, combine, value, broadcasts = [], unroll = 4 } = options;
  const partial = Array.from({ length: unroll }, () => f.let(identity));
  emitLoop(site, {
    compute,
    count,
    unroll,
    broadcasts,
    body: (access, slot) => {
      const next = value(access);
      const kept = access.valid === undefined ? next : v128.bitselect(next, identity, laneMask(compute, access.valid));
      f.set(partial[slot]!, combine(partial[slot]!, kept));
    },
  });
  for (let width = 1; width < unroll; width *= 2) {
    for (let i = 0; i + width < unroll; i += 2 * width) f.set(partial[i]!, combine(partial[i]!, partial[i + width]!));
  }
  return partial[0]!;
}

/** All ones in the lanes below `valid`. */
export function laneMask(compute: ComputeType, valid: Expression): Expression {
  const numbers = lanesOf(compute) === 2 ? i32x4.const(0, 0, 1, 1) : i32x4.const(0, 1, 2, 3);
  return i32x4.ltSigned(numbers, i32x4.splat(valid));
}

/** The lanes of a vector combined into its first, halves first. */
export function foldLanes(
  { f }: Site,
  compute: ComputeType,
  vector: Expression,
  combine: ReduceOptions["combine"],
): Expression {
  const halves = f.let(vector);
  f.set(halves, combine(halves, shuffle32(halves, halves, [2, 3, 0, 1])));
  if (compute !== "float64") f.set(halves, combine(halves, shuffle32(halves, halves, [1, 0, 3, 2])));
  if (compute === "float64") return f64x2.extractLane(halves, 0);
  return compute === "float32" ? f32x4.extractLane(halves, 0) : i32x4.extractLane(halves, 0);
}

/** Elements that one block's partial sums take in: 32 of float32 in a lane, for which rounding is negligible. */
const sumBlock = 512;

/**
 * The sum of a stream, as f64. Blocks are summed in sixteen or eight partial sums; the blocks' sums in float64, with what
 * each addition loses carried along (Neumaier 1974): the error does not grow with the count.
 */
export function emitSum(site: Site, compute: "float32" | "float64", stream: Stream, count: Expression): Expression {
  const { f } = site;
  const total = f.let(f64.const(0));
  const lost = f.let(f64.const(0));
  const all = f.let(count);
  const base = f.let(typeof stream.base === "number" ? i32.const(stream.base) : stream.base);
  const add = compute === "float32" ? f32x4.add : f64x2.add;
  forRange(f, i32.const(0), all, i32.const(sumBlock), (start) => {
    f.scope(() => {
      const left = f.let(i32.sub(all, start));
      f.if(i32.gtSigned(left, i32.const(sumBlock)), () => f.set(left, i32.const(sumBlock)));
      const vector = emitReduce(site, {
        compute,
        count: left,
        identity: compute === "float32" ? f32x4.const(0) : f64x2.const(0),
        combine: add,
        value: (access) => access.load({ dtype: stream.dtype, base }),
      });
      const folded = foldLanes(site, compute, vector, add);
      const block = f.let(compute === "float32" ? f64.promoteF32(folded) : folded);
      const sum = f.let(f64.add(total, block));
      const virtual = f.let(f64.sub(sum, total));
      f.set(lost, f64.add(lost, f64.add(f64.sub(total, f64.sub(sum, virtual)), f64.sub(block, virtual))));
      f.set(total, sum);
      f.set(base, i32.add(base, i32.const(sumBlock * streamBytes[stream.dtype])));
    });
  });
  // An infinite sum has lost something that is not a number.
  return select(f64.eq(lost, lost), f64.add(total, lost), total);
}
