/** Layers as plain loops in float64: what the training rows are verified against. */

import type { Inputs } from "../harness/values.js";

/** Arrays by their names. */
export type Arrays = Readonly<Record<string, Float64Array>>;

/** Copies in float64 of the inputs with these names. */
export const arraysOf = (inputs: Inputs, names: readonly string[]): Record<string, Float64Array> =>
  Object.fromEntries(names.map((name) => [name, Float64Array.from(inputs[name]!.data)]));

/** x W + b, rows of x one after another. */
export function affine(x: Float64Array, w: Float64Array, b: Float64Array): Float64Array {
  const outputs = b.length;
  const inputs = w.length / outputs;
  const y = new Float64Array((x.length / inputs) * outputs);
  for (let row = 0; row * inputs < x.length; row++)
    for (let j = 0; j < outputs; j++) {
      let sum = b[j]!;
      for (let i = 0; i < inputs; i++) sum += x[row * inputs + i]! * w[i * outputs + j]!;
      y[row * outputs + j] = sum;
    }
  return y;
}

/** From the gradient of x W + b: those of x, W and b. */
export function affineBackward(
  x: Float64Array,
  w: Float64Array,
  outputs: number,
  gradient: Float64Array,
): { x: Float64Array; w: Float64Array; b: Float64Array } {
  const inputs = w.length / outputs;
  const result = { x: new Float64Array(x.length), w: new Float64Array(w.length), b: new Float64Array(outputs) };
  for (let row = 0; row * inputs < x.length; row++)
    for (let j = 0; j < outputs; j++) {
      const g = gradient[row * outputs + j]!;
      result.b[j]! += g;
      for (let i = 0; i < inputs; i++) {
        result.w[i * outputs + j]! += g * x[row * inputs + i]!;
        result.x[row * inputs + i]! += g * w[i * outputs + j]!;
      }
    }
  return result;
}

export const relu = (x: Float64Array): Float64Array => x.map((value) => Math.max(value, 0));

/** The gradient where the unit was on. */
export const reluBackward = (output: Float64Array, gradient: Float64Array): Float64Array =>
  gradient.map((value, i) => (output[i]! > 0 ? value : 0));

export function addTo(sum: Float64Array, term: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += term[i]!;
}
