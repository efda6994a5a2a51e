import { type Expression, i32, Local } from "./assembler/index.js";
import { forRange } from "./loops.js";
import type { Site } from "./math/shape.js";
import { type ComputeType, lanesOf, loadSplat, loadVector, type Stream, storeVector, streamBytes } from "./stream.js";

/** What a loop's body works with: one vector's worth of every stream. */
export interface VectorAccess {
  /** Number of the first element of the vector, i32. */
  readonly index: Expression;
  /** In the last, incomplete vector: how many lanes are valid (i32). Undefined in a whole one. */
  readonly valid: Local | undefined;
  /** Lanes beyond the valid ones hold what lies behind the stream. */
  load(stream: Stream): Expression;
  /** Writes the valid lanes only. */
  store(stream: Stream, value: Expression): void;
}

export interface LoopOptions {
  readonly compute: ComputeType;
  /** Number of elements, i32. */
  readonly count: Expression;
  /** Vectors in one round, for bodies whose rounds depend on each other: sums. */
  readonly unroll?: number;
  /** All streams that are broadcast, so that they are read once before the loop. */
  readonly broadcasts?: readonly Stream[];
  /** Writes the body; it is written `unroll` times for whole vectors and once for the rest. `slot` counts them. */
  body(access: VectorAccess, slot: number): void;
}

/**
 * A loop over `count` elements, a vector at a time, and once more for the elements that do not fill one: the body's
 * arithmetic is the same there, so an element's value does not depend on where it stands. Streams that are read need
 * `streamSlack` bytes behind them.
 */
export function emitLoop(site: Site, options: LoopOptions): void {
  const { f } = site;
  const { compute, unroll = 1, body, broadcasts = [] } = options;
  const lanes = lanesOf(compute);
  const count = f.let(options.count);
  const splats = new Map<Stream, Local>();
  for (const stream of broadcasts) splats.set(stream, loadSplat(f, compute, stream.dtype, ...origin(stream)));

  const emitBody = (index: Local, slot: number, valid: Local | undefined): void =>
    f.scope(() => {
      const address = (stream: Stream): [Expression, number] => {
        const bytes = streamBytes[stream.dtype];
        const along = bytes === 1 ? index : i32.mul(index, i32.const(bytes));
        const offset = slot * lanes * bytes;
        if (typeof stream.base === "number") return [along, stream.base + offset];
        return [i32.add(stream.base, along), offset];
      };
      const access: VectorAccess = {
        index: slot === 0 ? index : i32.add(index, i32.const(slot * lanes)),
        valid,
        load: (stream) => splats.get(stream) ?? loadVector(compute, stream.dtype, ...address(stream)),
        store: (stream, value) => {
          const vector = value instanceof Local ? value : f.let(value);
          const [at, offset] = address(stream);
          storeVector(f, compute, stream.dtype, at, vector, offset, valid);
        },
      };
      body(access, slot);
    });

  const round = lanes * unroll;
  const whole = f.let(i32.sub(count, i32.remUnsigned(count, i32.const(round))));
  const index = forRange(f, i32.const(0), whole, i32.const(round), (i) => {
    for (let slot = 0; slot < unroll; slot++) emitBody(i, slot, undefined);
  });
  // What is left: whole vectors while there are any, then a part of one.
  const valid = f.let(i32.const(0));
  forRange(f, index, count, i32.const(lanes), (i) => {
    f.set(valid, i32.sub(count, i));
    emitBody(i, 0, valid);
  });
}

function origin(stream: Stream): [Expression, number] {
  return typeof stream.base === "number" ? [i32.const(0), stream.base] : [stream.base, 0];
}
