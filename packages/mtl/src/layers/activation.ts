import { elu, gelu, leakyRelu, relu, sigmoid, silu, softmax, softplus, type Tensor, tanh } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { describeLayer, type Layer, type nothing, plainLayer } from "./layer.js";

const activations = {
  relu: (x: Tensor) => relu(x),
  leakyRelu: (x: Tensor) => leakyRelu(x),
  elu: (x: Tensor) => elu(x),
  gelu: (x: Tensor) => gelu(x),
  silu: (x: Tensor) => silu(x),
  tanh: (x: Tensor) => tanh(x),
  sigmoid: (x: Tensor) => sigmoid(x),
  softplus: (x: Tensor) => softplus(x),
  softmax: (x: Tensor) => softmax(x),
  identity: (x: Tensor) => x,
} as const;

export type Activation = keyof typeof activations;

/** @throws InputError that lists the names known. */
export function activationNamed(name: Activation, caller: string): (x: Tensor) => Tensor {
  if (!Object.hasOwn(activations, name))
    throw new InputError(
      `${caller}: no activation is named "${name}"; there are ${Object.keys(activations).join(", ")}`,
    );
  return activations[name];
}

/** A nonlinearity, element by element; softmax along the last axis. @example activation("relu") */
export function activation(kind: Activation): Layer<typeof nothing> {
  const f = activationNamed(kind, "activation");
  return plainLayer(kind, describeLayer("activation", { kind }), (input) => input, f);
}
