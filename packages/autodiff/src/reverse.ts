import { leaves, mapLeaves, matchLeaves, type Tensor, withInterpreter } from "@kinship/tensor";
import { checkFloating, checkMatch, checkSynchronous } from "./check.js";
import type { Structured, StructuredArguments } from "./structured.js";
import { Tape } from "./tape.js";

/** Runs a body on watched copies of `args`. */
export function record<A, R>(name: string, args: A, body: (own: A) => R) {
  const tape = new Tape();
  const watched: Tensor[] = [];
  const own = mapLeaves(name, args, (x, path) => {
    const leaf = tape.watch(checkFloating(name, x, path));
    watched.push(leaf);
    return leaf;
  });
  const result = withInterpreter(tape, () => checkSynchronous(name, body(own)));
  return { tape, own, watched, result };
}

/** The structure of `like` with these tensors in the order of its leaves. */
export function refill<S>(name: string, like: S, found: readonly Tensor[]): S {
  let k = 0;
  return mapLeaves(name, like, () => found[k++]);
}

/** Bytes of the distinct buffers that the notes keep alive, those of `except` left out. */
function heldBytes({ notes }: Tape, except: readonly Tensor[]): number {
  const own = new Set(except.map((x) => x.data.buffer));
  const held = new Set<ArrayBufferLike>();
  for (const { inputs, outputs } of notes)
    for (const { data } of [...inputs, ...outputs]) if (!own.has(data.buffer)) held.add(data.buffer);
  return [...held].reduce((total, buffer) => total + buffer.byteLength, 0);
}

export interface Pullback<Arguments, Output> {
  readonly output: Output;
  /** Jᵀg: cotangents of the arguments, given one of the output. May be called again. */
  readonly pullback: (cotangent: Output) => Arguments;
  /** Bytes of intermediate results kept for the pullback until it is dropped. `checkpoint` lowers it. */
  readonly heldBytes: number;
}

/**
 * The value of `f` and the transpose of its Jacobian there, Jᵀ, as a function of the output's cotangent. The gradient
 * of an argument that the output does not depend on is zero.
 * @throws TypeError for integer arguments, a promise, a cotangent of another structure, shape or dtype.
 * @example vjp((x) => mul(x, x), [tensor([1, 2])]).pullback(tensor([1, 1]))   // [tensor([2, 4])]
 */
export function vjp<Arguments extends StructuredArguments<Arguments>, Output extends Structured<Output> = Tensor>(
  f: (...args: Arguments) => Output,
  args: readonly [...Arguments],
): Pullback<Arguments, Output> {
  const { tape, own, watched, result: output } = record("vjp", args as unknown as Arguments, (own) => f(...own));
  leaves("vjp", output);
  return {
    output,
    pullback(cotangent) {
      const seeds = matchLeaves("pullback", output, cotangent).map(([y, g, path]) => {
        checkMatch("pullback", "cotangent", g, y, path);
        return [y, g] as const;
      });
      return refill("pullback", own, tape.pullback(seeds, watched));
    },
    get heldBytes() {
      return heldBytes(tape, watched);
    },
  };
}
