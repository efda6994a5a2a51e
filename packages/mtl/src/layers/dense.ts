import { add, matmul, type Tensor, zeros } from "@kinship/tensor";
import { type Activation, activationNamed } from "./activation.js";
import { type InitialiserName, initialiserNamed } from "./initialisers.js";
import { describeLayer, type Layer, nothing, requireCount, shapeError } from "./layer.js";

export interface DenseOptions {
  readonly name?: string;
  readonly activation?: Activation;
  /** `true` unless given. */
  readonly bias?: boolean;
  /** He's for ReLUs, Glorot's otherwise. */
  readonly weights?: InitialiserName;
}

export type DenseParameters = { readonly weights: Tensor; readonly bias?: Tensor };

/** f(x·W + b) along the last axis: […, n] → […, units], W [n, units]. @example dense(32, { activation: "relu" }) */
export function dense(units: number, options: DenseOptions = {}): Layer<DenseParameters> {
  const { name = "dense", activation = "identity", bias = true } = options;
  requireCount(name, "the number of units", units);
  const f = activationNamed(activation, name);
  const draw = initialiserNamed(options.weights ?? defaultWeights(activation), name);
  return {
    name,
    description: describeLayer("dense", { units, ...options }),
    outputShape(input) {
      if (input.length === 0 || input.at(-1) === 0) throw shapeError(name, "at least one feature", input);
      return [...input.slice(0, -1), units];
    },
    initialise(key, input, dtype) {
      const inputs = input.at(-1)!;
      const weights = draw(key, [inputs, units], { in: inputs, out: units }, dtype);
      return { parameters: bias ? { weights, bias: zeros([units], dtype) } : { weights }, state: nothing };
    },
    apply({ weights, bias: offset }, x) {
      const product = matmul(x, weights);
      return { output: f(offset === undefined ? product : add(product, offset)), state: nothing };
    },
  };
}

export const defaultWeights = (activation: Activation): InitialiserName =>
  activation === "relu" || activation === "leakyRelu" || activation === "elu" ? "he" : "glorot";
