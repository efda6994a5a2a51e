import { foldIn, type Structure, type Tensor } from "@kinship/tensor";
import {
  type Context,
  type Floating,
  type Initialised,
  inside,
  type Json,
  type Layer,
  type Shape,
} from "../layers/layer.js";

export type Named<T> = { readonly [name: string]: T };

/** What more than one task's loss may reach, and what only one task's does. */
export type Shared<P extends Structure = Structure> = { readonly shared: P; readonly tasks: Named<Structure> };

/** The part of a model that gives each task its representation of the input. */
export interface Encoder {
  readonly name: string;
  readonly description: Json;
  readonly tasks: readonly string[];
  readonly input: Shape;
  /** Of every task's representation. */
  readonly output: Shape;
  /** Whether all tasks get the same representation: then rows of tasks that do not share theirs go through it together. */
  readonly oneForAll?: true;
  initialise(key: Tensor, dtype: Floating): Initialised<Shared>;
  /** Representations of `x` for the tasks wanted; the others' need not be computed. */
  apply(parameters: Shared, x: Tensor, wanted: readonly string[], context: Context): Encoded;
  /** For summaries: the layers inside, and how often each stands there. */
  readonly parts: readonly { readonly layer: Layer; readonly input: Shape; readonly count: number }[];
}

export interface Encoded {
  readonly outputs: Named<Tensor>;
  readonly state: Structure;
}

/** An architecture waits for the tasks and the shape of the input, and checks that the shapes fit. */
export type EncoderBuilder = (tasks: readonly string[], input: Shape) => Encoder;

export const record = <T>(names: readonly string[], value: (name: string, index: number) => T): Record<string, T> =>
  Object.fromEntries(names.map((name, index) => [name, value(name, index)]));

/** Several layers by name, each with parameters of its own. */
export type Bank = Named<{ readonly layer: Layer; readonly input: Shape }>;

export function initialiseBank(bank: Bank, key: Tensor, dtype: Floating): Initialised<Named<Structure>> {
  const names = Object.keys(bank);
  const made = record(names, (name, k) => bank[name]!.layer.initialise(foldIn(key, k), bank[name]!.input, dtype));
  return { parameters: record(names, (n) => made[n]!.parameters), state: record(names, (n) => made[n]!.state) };
}

/** Applies some layers of a bank, each to an input of its own; the state of the others stays. */
export function applyBank(
  bank: Bank,
  parameters: Named<Structure>,
  inputs: Named<Tensor>,
  context: Context,
): { readonly outputs: Record<string, Tensor>; readonly state: Named<Structure> } {
  const names = Object.keys(bank);
  const outputs: Record<string, Tensor> = {};
  const state: Record<string, Structure> = { ...(context.state as Named<Structure>) };
  for (const name of Object.keys(inputs)) {
    const applied = bank[name]!.layer.apply(
      parameters[name]!,
      inputs[name]!,
      inside(context, names.indexOf(name), state[name]!),
    );
    outputs[name] = applied.output;
    state[name] = applied.state;
  }
  return { outputs, state };
}
