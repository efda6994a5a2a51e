import {
  alias,
  apply,
  currentInterpreter,
  type Interpreter,
  isFloating,
  type Maybe,
  type Primitive,
  type Site,
  type Tensor,
  withInterpreter,
  zerosLike,
} from "@kinship/tensor";
import { addMaybe, pullback } from "./rules.js";

/** What a tape holds of one operation, or of one call of a function with a rule of its own. */
export interface Note {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** How often each of these had been written to, by then. */
  readonly versions: readonly number[];
  /** Cotangents of the inputs, from those of the outputs; undefined stands for zero. */
  pullback(cotangents: readonly Maybe[], wanted: readonly boolean[]): readonly Maybe[];
  /** The same of other inputs. */
  again(inputs: readonly Tensor[]): readonly Tensor[];
}

class SiteNote implements Note {
  readonly outputs: readonly Tensor[];
  readonly versions: readonly number[];

  constructor(readonly site: Site) {
    this.outputs = [site.output];
    this.versions = versionsOf(site.inputs, this.outputs);
  }

  get name(): string {
    return this.site.primitive.name;
  }

  get inputs(): readonly Tensor[] {
    return this.site.inputs;
  }

  pullback([cotangent]: readonly Maybe[], wanted: readonly boolean[]): readonly Maybe[] {
    return pullback(this.site, cotangent!, wanted);
  }

  again(inputs: readonly Tensor[]): readonly Tensor[] {
    return [apply(this.site.primitive, inputs, this.site.params)];
  }
}

/** @internal A walk back over the notes: what has come to each tensor so far. */
export class Walk {
  readonly cotangents = new Map<Tensor, Tensor>();
  readonly accumulate = (x: Tensor, c: Tensor): void => {
    this.cotangents.set(x, addMaybe(this.cotangents.get(x), c)!);
  };
}

/** Applies each primitive as the interpreter outside it would, and notes those that depend on a watched tensor. */
export class Tape implements Interpreter {
  /** @internal */
  readonly outer = currentInterpreter();
  /** @internal */
  readonly tracked = new Set<Tensor>();
  /** @internal */
  readonly notes: Note[] = [];

  /** The same tensor under a new identity: the caller may also have captured `x` as a constant. */
  watch(x: Tensor): Tensor {
    const own = withInterpreter(this.outer, () => alias(x));
    this.tracked.add(own);
    return own;
  }

  /** Watches `x` under its own identity, for a body that captured it. */
  watchCaptured(x: Tensor): void {
    this.tracked.add(x);
  }

  apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    const output = this.outer.apply(primitive, inputs, params);
    // Whole numbers have no derivative, whatever made them.
    if (primitive.derivative.kind === "zero" || !isFloating(output.dtype)) return output;
    // A loop, not `some`: this is the whole of a tape's overhead on small tensors.
    for (let k = 0; k < inputs.length; k++) {
      if (!this.tracked.has(inputs[k])) continue;
      this.tracked.add(output);
      this.notes.push(new SiteNote({ primitive: primitive as Primitive, inputs, output, params }));
      break;
    }
    return output;
  }

  /** Cotangents of `inputs`, from those of the outputs: one walk back over the notes. Zero where nothing depends. */
  pullback(outputs: readonly (readonly [Tensor, Tensor])[], inputs: readonly Tensor[]): Tensor[] {
    const walk = new Walk();
    for (const [output, seed] of outputs) walk.accumulate(output, seed);
    for (let n = this.notes.length - 1; n >= 0; n--) this.back(this.notes[n], walk);
    return inputs.map((x) => walk.cotangents.get(x) ?? zerosLike(x));
  }

  /** @internal One note, walked back over. */
  back(note: Note, { cotangents, accumulate }: Walk): void {
    const { inputs, outputs } = note;
    const given = outputs.map((y) => cotangents.get(y));
    if (given.every((g) => g === undefined)) return;
    for (const y of outputs) cotangents.delete(y);
    checkVersions("pullback", note);
    const wanted = inputs.map((x) => this.tracked.has(x));
    const found = note.pullback(given, wanted);
    for (let k = 0; k < found.length; k++) if (found[k] && wanted[k]) accumulate(inputs[k], found[k]!);
  }
}

export function versionsOf(inputs: readonly Tensor[], outputs: readonly Tensor[]): number[] {
  const versions: number[] = [];
  for (let k = 0; k < inputs.length; k++) versions.push(inputs[k].storage.version);
  for (let k = 0; k < outputs.length; k++) versions.push(outputs[k].storage.version);
  return versions;
}

/** @throws Error where a recorded tensor was written to with `set`. Writes into `data` itself leave no trace. */
export function checkVersions(caller: string, { name, inputs, outputs, versions }: Note): void {
  const check = (x: Tensor, k: number, which: string) => {
    if (x.storage.version !== versions[k])
      throw new Error(
        `${caller}: ${which} of ${name} was written to after it was recorded; write before the function runs, or into a copy`,
      );
  };
  for (let k = 0; k < inputs.length; k++) check(inputs[k], k, `input ${k}`);
  for (let k = 0; k < outputs.length; k++) check(outputs[k], inputs.length + k, "the output");
}
