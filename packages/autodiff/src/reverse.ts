import {
  alias,
  currentInterpreter,
  type Interpreter,
  leaves,
  mapLeaves,
  matchLeaves,
  type Primitive,
  type Site,
  type Structure,
  type Tensor,
  withInterpreter,
  zerosLike,
} from "@kinship/tensor";
import { checkFloating, checkMatch } from "./check.js";
import { addMaybe, pullback } from "./rules.js";

interface Note {
  readonly site: Site;
  readonly versions: readonly number[];
}

/** Applies each primitive as the interpreter outside it would, and notes those that depend on a watched tensor. */
export class Tape implements Interpreter {
  readonly #outer = currentInterpreter();
  readonly #tracked = new Set<Tensor>();
  readonly #notes: Note[] = [];

  /** The same tensor under a new identity: the caller may also have captured `x` as a constant. */
  watch(x: Tensor): Tensor {
    const own = withInterpreter(this.#outer, () => alias(x));
    this.#tracked.add(own);
    return own;
  }

  apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    const output = this.#outer.apply(primitive, inputs, params);
    if (primitive.derivative.kind !== "zero" && inputs.some((x) => this.#tracked.has(x))) {
      this.#tracked.add(output);
      this.#notes.push({
        site: { primitive: primitive as Primitive, inputs, output, params },
        versions: [...inputs, output].map((x) => x.storage.version),
      });
    }
    return output;
  }

  /** Cotangents of `inputs`, from those of the outputs: one walk back over the notes. Zero where nothing depends. */
  pullback(outputs: readonly (readonly [Tensor, Tensor])[], inputs: readonly Tensor[]): Tensor[] {
    const cotangents = new Map<Tensor, Tensor>();
    const accumulate = (x: Tensor, c: Tensor) => cotangents.set(x, addMaybe(cotangents.get(x), c)!);
    for (const [output, seed] of outputs) accumulate(output, seed);
    for (let n = this.#notes.length - 1; n >= 0; n--) {
      const { site, versions } = this.#notes[n];
      const g = cotangents.get(site.output);
      if (!g) continue;
      cotangents.delete(site.output);
      checkVersions(site, versions);
      const wanted = site.inputs.map((x) => this.#tracked.has(x));
      pullback(site, g, wanted).forEach((c, k) => {
        if (c) accumulate(site.inputs[k], c);
      });
    }
    return inputs.map((x) => cotangents.get(x) ?? zerosLike(x));
  }
}

function checkVersions({ primitive, inputs, output }: Site, versions: readonly number[]): void {
  [...inputs, output].forEach((x, k) => {
    if (x.storage.version !== versions[k])
      throw new Error(
        `pullback: ${k < inputs.length ? `input ${k}` : "the output"} of ${primitive.name} was written to after it was recorded; write before the function runs, or into a copy`,
      );
  });
}

export interface Pullback<Arguments extends readonly Structure[], Output extends Structure> {
  readonly output: Output;
  /** Jᵀg: cotangents of the arguments, given one of the output. May be called again. */
  readonly pullback: (cotangent: Output) => Arguments;
}

/**
 * The value of `f` and the transpose of its Jacobian there, J ᵀ, as a function of the output's cotangent.
 * @throws TypeError for integer arguments, a promise, a cotangent of another structure, shape or dtype.
 * @example vjp((x) => mul(x, x), [tensor([1, 2])]).pullback(tensor([1, 1]))   // [tensor([2, 4])]
 */
export function vjp<Arguments extends readonly Structure[], Output extends Structure>(
  f: (...args: Arguments) => Output,
  args: readonly [...Arguments],
): Pullback<Arguments, Output> {
  const tape = new Tape();
  const own = mapLeaves("vjp", args as unknown as Arguments, (x, path) => tape.watch(checkFloating("vjp", x, path)));
  const output = withInterpreter(tape, () => f(...own));
  const watched = leaves("vjp", own);
  return {
    output,
    pullback(cotangent) {
      const seeds = matchLeaves("pullback", output, cotangent).map(([y, g, path]) => {
        checkMatch("pullback", "cotangent", g, y, path);
        return [y, g] as const;
      });
      const found = tape.pullback(seeds, watched);
      let k = 0;
      return mapLeaves("pullback", own, () => found[k++]);
    },
  };
}
