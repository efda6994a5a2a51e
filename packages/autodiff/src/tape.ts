import {
  alias,
  currentInterpreter,
  isFloating,
  type Primitive,
  type Site,
  type Tensor,
  withInterpreter,
  zerosLike,
} from "@kinship/tensor";
import { type CallSite, call, observed, type Rule, refuseCaptured, type Transformation } from "./call.js";
import { addMaybe, pullback } from "./rules.js";

export type Note =
  | { readonly kind: "site"; readonly site: Site; readonly versions: readonly number[] }
  | { readonly kind: "call"; readonly site: CallSite; readonly versions: readonly number[] };

/** @internal A walk back over the notes: what has come to each tensor so far. */
export class Walk {
  readonly cotangents = new Map<Tensor, Tensor>();
  readonly accumulate = (x: Tensor, c: Tensor): void => {
    this.cotangents.set(x, addMaybe(this.cotangents.get(x), c)!);
  };
}

/** Applies each primitive as the interpreter outside it would, and notes those that depend on a watched tensor. */
export class Tape implements Transformation {
  protected readonly outer = currentInterpreter();
  protected readonly tracked = new Set<Tensor>();
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
      const site = { primitive: primitive as Primitive, inputs, output, params };
      this.notes.push({ kind: "site", site, versions: versionsOf(inputs, [output]) });
      break;
    }
    return output;
  }

  call(rule: Rule, inputs: readonly Tensor[]): readonly Tensor[] {
    const captured = new Set<Tensor>();
    const see = (x: Tensor) => {
      if (this.tracked.has(x)) captured.add(x);
    };
    // New identities on both sides: what the body captures, or returns unchanged, is not taken for its arguments.
    const outputs = withInterpreter(this.outer, () => call(observed(rule, see), inputs.map(alias)).map(alias));
    refuseCaptured(rule, captured);
    if (captured.size > 0 || inputs.some((x) => this.tracked.has(x))) {
      for (const y of outputs) if (isFloating(y.dtype)) this.tracked.add(y);
      const site = { rule, inputs, captured: [...captured], outputs };
      this.notes.push({ kind: "call", site, versions: versionsOf([...inputs, ...captured], outputs) });
    }
    return outputs;
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
    if (note.kind !== "site") {
      this.#pullbackCall(note.site, note.versions, cotangents, accumulate);
      return;
    }
    const { site } = note;
    const g = cotangents.get(site.output);
    if (!g) return;
    cotangents.delete(site.output);
    checkVersions("pullback", site.primitive.name, site.inputs, [site.output], note.versions);
    const { inputs } = site;
    const found = pullback(
      site,
      g,
      inputs.map((x) => this.tracked.has(x)),
    );
    for (let k = 0; k < found.length; k++) if (found[k]) accumulate(inputs[k], found[k]!);
  }

  #pullbackCall(
    site: CallSite,
    versions: readonly number[],
    cotangents: Map<Tensor, Tensor>,
    accumulate: (x: Tensor, c: Tensor) => void,
  ): void {
    const seeds = site.outputs.map((y) => cotangents.get(y));
    if (!seeds.some((g) => g)) return;
    for (const y of site.outputs) cotangents.delete(y);
    const inputs = [...site.inputs, ...site.captured];
    checkVersions("pullback", site.rule.name, inputs, site.outputs, versions);
    const wanted = inputs.map((x) => this.tracked.has(x));
    site.rule.pullback(site, seeds, wanted).forEach((c, k) => {
      if (c && wanted[k]) accumulate(inputs[k], c);
    });
  }

  /** Bytes of the distinct buffers that the notes keep alive, those of `except` left out. */
  heldBytes(except: readonly Tensor[]): number {
    const own = new Set(except.map((x) => x.data.buffer));
    const held = new Set<ArrayBufferLike>();
    for (const { kind, site } of this.notes)
      for (const x of kind === "site"
        ? [...site.inputs, site.output]
        : [...site.inputs, ...site.captured, ...site.outputs])
        if (!own.has(x.data.buffer)) held.add(x.data.buffer);
    return [...held].reduce((total, buffer) => total + buffer.byteLength, 0);
  }
}

function versionsOf(inputs: readonly Tensor[], outputs: readonly Tensor[]): number[] {
  const versions: number[] = [];
  for (let k = 0; k < inputs.length; k++) versions.push(inputs[k].storage.version);
  for (let k = 0; k < outputs.length; k++) versions.push(outputs[k].storage.version);
  return versions;
}

/** @throws Error where a recorded tensor was written to with `set`. Writes into `data` itself leave no trace. */
export function checkVersions(
  caller: string,
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  versions: readonly number[],
): void {
  const check = (x: Tensor, k: number, which: string) => {
    if (x.storage.version !== versions[k])
      throw new Error(
        `${caller}: ${which} of ${name} was written to after it was recorded; write before the function runs, or into a copy`,
      );
  };
  for (let k = 0; k < inputs.length; k++) check(inputs[k], k, `input ${k}`);
  for (let k = 0; k < outputs.length; k++) check(outputs[k], inputs.length + k, "the output");
}
