import type { Structured } from "@kinship/autodiff";
import {
  add,
  cast,
  clip,
  div,
  full,
  leaves,
  mapLeaves,
  maximum,
  mul,
  sqrt,
  square,
  sum,
  type Tensor,
} from "@kinship/tensor";
import { InputError } from "../errors.js";

/** √Σ x² over all entries of a structure, in float64, without axes. */
export const structureNorm = <S extends Structured<S>>(structure: S): Tensor =>
  sqrt(
    leaves("structureNorm", structure)
      .map((leaf) => sum(square(cast(leaf, "float64"))))
      .reduce((total, part) => add(total, part), full([], 0, "float64")),
  );

/**
 * Gradients scaled so that their common norm is at most `maximumNorm` (R. Pascanu, T. Mikolov and Y. Bengio, ICML 2013,
 * algorithm 1). Their direction is kept.
 */
export function clipByNorm<Parameters extends Structured<Parameters>>(
  gradients: Parameters,
  maximumNorm: number,
): Parameters {
  requirePositive("clipByNorm", maximumNorm);
  const scale = div(maximumNorm, maximum(structureNorm(gradients), maximumNorm));
  return mapLeaves("clipByNorm", gradients, (leaf) => mul(leaf, cast(scale, leaf.dtype)));
}

/** Each entry kept within [−limit, limit]. */
export function clipByValue<Parameters extends Structured<Parameters>>(
  gradients: Parameters,
  limit: number,
): Parameters {
  requirePositive("clipByValue", limit);
  return mapLeaves("clipByValue", gradients, (leaf) => clip(leaf, -limit, limit));
}

function requirePositive(name: string, value: number): void {
  if (!(value > 0)) throw new InputError(`${name}: the limit must be positive, not ${value}`);
}
