import { foldIn, reshape, type Structure, type Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";

/**
 * Sizes without the batch axis, which is always the first. Channels come next, as in [channels, height, width]; of
 * vectors [features] they are the features.
 */
export type Shape = readonly number[];

/** The element types that can be trained. */
export type Floating = "float32" | "float64";

/** A JSON value: what a description is made of. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What a layer is, as JSON: `layer` names its constructor, the rest are the constructor's options. */
export interface LayerDescription {
  readonly layer: string;
  readonly [option: string]: Json;
}

/** What a layer may use beside its parameters and its input. */
export interface Context {
  /** Whether dropout drops and batch norm reads the batch. */
  readonly training: boolean;
  /** For layers that draw at random while training; made only where it is used. */
  readonly key: () => Tensor;
  /** What the layer carries from call to call, batch norm's running statistics; never trained. */
  readonly state: Structure;
}

export interface Applied {
  readonly output: Tensor;
  readonly state: Structure;
}

export interface Initialised<Parameters extends Structure = Structure> {
  readonly parameters: Parameters;
  readonly state: Structure;
}

/** A function with parameters, as plain data: no class, no hidden state. `apply` never reads values, so it compiles. */
export interface Layer<Parameters extends Structure = Structure> {
  readonly name: string;
  readonly description: LayerDescription;
  /** @throws InputError that names the layer, where it does not take this shape. */
  outputShape(input: Shape): Shape;
  initialise(key: Tensor, input: Shape, dtype: Floating): Initialised<Parameters>;
  apply(parameters: Parameters, x: Tensor, context: Context): Applied;
  /** The layers inside, with the shape that each is given: for summaries. */
  parts?(input: Shape): readonly { readonly layer: Layer; readonly input: Shape }[];
}

/** The context of the `index`th layer inside another: its own state, and randomness independent of its siblings'. */
export const inside = ({ training, key }: Context, index: number, state: Structure): Context => ({
  training,
  key: () => foldIn(key(), index),
  state,
});

/** Of layers without parameters, or without state. */
export const nothing = {} as const;

export const show = (shape: Shape): string => `[${shape.join(", ")}]`;

/** An error that names the layer, what it takes and what it was given. */
export const shapeError = (name: string, expected: string, found: Shape): InputError =>
  new InputError(`${name}: expected ${expected}, found shape ${show(found)} (without the batch axis)`);

/** One number a channel, shaped so that it broadcasts against [batch, channels, …] with these axes behind the batch. */
export const alongChannels = (values: Tensor, example: Shape): Tensor =>
  example.length === 1 ? values : reshape(values, [example[0]!, ...example.slice(1).map(() => 1)]);

/** @throws InputError for a size that is not a whole number of at least 1. */
export function requireCount(name: string, what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new InputError(`${name}: ${what} must be a whole number of at least 1, not ${value}`);
}

/** A layer without parameters or state: a function of its input. */
export function plainLayer(
  name: string,
  description: LayerDescription,
  outputShape: (input: Shape) => Shape,
  f: (x: Tensor, context: Context) => Tensor,
): Layer<typeof nothing> {
  return {
    name,
    description,
    outputShape,
    initialise: () => ({ parameters: nothing, state: nothing }),
    apply: (_, x, context) => ({ output: f(x, context), state: nothing }),
  };
}

/** A description without the options that were not given. */
export function describeLayer(layer: string, options: object): LayerDescription {
  const given = Object.entries(options).filter(([, value]) => value !== undefined) as [string, Json][];
  return { layer, ...Object.fromEntries(given) };
}
