import { type Tensor, zerosLike } from "@kinship/tensor";
import { type Tape, Walk } from "./tape.js";

/**
 * The pullback of each of several outputs alone, all walks side by side. `visit` is given the cotangents of an input,
 * one an output, as soon as they are complete, and they are let go then.
 */
export function pullbackTogether(
  tape: Tape,
  outputs: readonly (readonly [Tensor, Tensor])[],
  inputs: readonly Tensor[],
  visit: (input: number, cotangents: readonly Tensor[]) => void,
): void {
  const walks = outputs.map(([output, seed]) => {
    const walk = new Walk();
    walk.accumulate(output, seed);
    return walk;
  });
  const first = firstUses(tape, inputs);
  const finish = (n: number) => {
    for (let k = 0; k < inputs.length; k++) {
      if (first[k] !== n) continue;
      const x = inputs[k];
      const found = walks.map(({ cotangents }) => cotangents.get(x) ?? zerosLike(x));
      for (const { cotangents } of walks) cotangents.delete(x);
      visit(k, found);
    }
  };
  for (let n = tape.notes.length - 1; n >= 0; n--) {
    for (const walk of walks) tape.back(tape.notes[n], walk);
    finish(n);
  }
  finish(-1);
}

/** The number of the first note that each tensor goes into, −1 where there is none. */
function firstUses({ notes }: Tape, tensors: readonly Tensor[]): number[] {
  const first = new Map<Tensor, number>();
  for (const [n, { inputs }] of notes.entries()) for (const x of inputs) if (!first.has(x)) first.set(x, n);
  return tensors.map((x) => first.get(x) ?? -1);
}
