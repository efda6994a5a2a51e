import { type Structured, valueAndGrad } from "@kinship/autodiff";
import { mul, sub, type Tensor } from "@kinship/tensor";
import { type LineSearchOptions, wolfeSearch } from "../gradients/line-search.js";
import { innerProductTensor, noCurvature, quasiNewton, withPair } from "./quasi-newton.js";
import { vectorsLike } from "./vectors.js";

export interface MinimizeOptions extends LineSearchOptions {
  /** Of |∇f|. Default 1e-8. */
  readonly tolerance?: number;
  /** Default 1000. */
  readonly rounds?: number;
  /** How many of the last steps the curvature is estimated from. Default 10. */
  readonly memory?: number;
}

export interface Minimum<Parameters> {
  readonly parameters: Parameters;
  readonly value: number;
  /** |∇f| there: the certificate. */
  readonly gradientNorm: number;
  readonly rounds: number;
  /** Whether the gradient's norm fell to the tolerance. */
  readonly converged: boolean;
}

/**
 * Minimises a smooth function to a gradient's norm of `tolerance`, by limited-memory BFGS with a strong-Wolfe line search
 * (J. Nocedal and S. Wright, Numerical Optimization, 2006, algorithm 7.5). No round raises the function; where none
 * lowers it either, at a minimum to rounding, the search ends.
 * @example minimize((x) => sum(square(sub(x, 3))), tensor([0, 0])).parameters   // [3, 3]
 */
export function minimize<Parameters extends Structured<Parameters>>(
  f: (parameters: Parameters) => Tensor,
  parameters: Parameters,
  { tolerance = 1e-8, rounds = 1000, memory = 10, ...options }: MinimizeOptions = {},
): Minimum<Parameters> {
  const { join, split } = vectorsLike("minimize", parameters);
  const ofVector = (x: Tensor): Tensor => f(split(x));
  const both = valueAndGrad<Tensor, []>(ofVector);
  const norm = (x: Tensor): number => Math.sqrt(innerProductTensor(x, x).item());
  let point = join(parameters);
  let [value, gradient] = both(point);
  let curvature = noCurvature("minimize", memory, gradient);
  let taken = 0;
  for (; norm(gradient) > tolerance && taken < rounds; taken++) {
    const direction = quasiNewton(gradient, curvature);
    if (!(innerProductTensor(gradient, direction).item() < 0)) break;
    const found = wolfeSearch(ofVector, point, direction, options);
    if (!found) break;
    const before = gradient;
    point = found.parameters;
    [value, gradient] = both(point);
    curvature = withPair(curvature, mul(direction, found.length), sub(gradient, before));
  }
  const gradientNorm = norm(gradient);
  return {
    parameters: split(point),
    value: value.item(),
    gradientNorm,
    rounds: taken,
    converged: gradientNorm <= tolerance,
  };
}
