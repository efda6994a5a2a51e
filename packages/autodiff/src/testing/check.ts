import type { Tensor } from "@kinship/tensor";
import type { Structured, StructuredArguments } from "../structured.js";
import { reverseIsTransposeOfForward } from "./adjoint.js";
import { forwardMatchesDifferences } from "./forward.js";
import {
  broadcastingIsRepeating,
  layoutDoesNotMatter,
  leavesInputsAlone,
  narrowAgreesWithWide,
} from "./layout-laws.js";
import { float64, problemOf, randomLike } from "./problem.js";
import { directions } from "./random.js";
import { secondOrderAgrees } from "./second.js";

export interface CheckOptions {
  /** 1 for first derivatives only, 2 (the default) for second ones too. */
  readonly order?: 1 | 2;
  /** Of the random directions. Default: 1. */
  readonly seed?: number;
  /** How far a derivative may be from differences of values, relative, beyond their own error. Default: 1e-7. */
  readonly tolerance?: number;
  /** Whether the function broadcasts its arguments against each other, so that axes of size 1 are to be tried. */
  readonly broadcasts?: boolean;
}

/**
 * Whether derivatives of `f` at `at` are right, in both modes: J·v against five-point differences in float64;
 * ⟨g, Jv⟩ = ⟨Jᵀg, v⟩ to rounding; the second derivatives of every pair of modes against each other and against
 * differences; strided views of the same numbers; inputs that stay as they were, and the same result twice; and, for
 * arguments in float32, float32 against float64. Integers among the arguments stand still.
 * @param f a function of tensors, or of nested objects and arrays of them. It runs about a hundred times.
 * @throws DerivativeError, which says what failed, where and by how much.
 * @example checkDerivatives((x) => mul(x, x), [tensor([1, 2])])
 */
export function checkDerivatives<
  Arguments extends StructuredArguments<Arguments>,
  Output extends Structured<Output> = Tensor,
>(
  f: (...args: Arguments) => Output,
  at: readonly [...Arguments],
  { order = 2, seed = 1, tolerance = 1e-7, broadcasts = false }: CheckOptions = {},
): void {
  const problem = problemOf(f, at, float64);
  const random = directions(seed);
  const v = randomLike(problem.at, random, true);
  const g = randomLike(problem.run(problem.at), random);
  forwardMatchesDifferences(problem, v, tolerance);
  reverseIsTransposeOfForward(problem, v, g, 1e-12);
  layoutDoesNotMatter(problem, v, g);
  leavesInputsAlone(problem, v, g);
  if (broadcasts) broadcastingIsRepeating(problem, v, g);
  const given = problemOf(f, at, (x) => x);
  if (given.at.some((x) => x.dtype === "float32")) narrowAgreesWithWide(given, problem, v, g, 1e-3);
  if (order === 2) secondOrderAgrees(problem, v, g, { modes: 1e-9, differences: 10 * tolerance });
}
