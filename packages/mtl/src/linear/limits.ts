import { InputError } from "../errors.js";

/** Solvers square gradients, weight · x · y: with this limit (and 10^±20 for weights) squares stay within float64. */
const widest = 1e61;
/** The limit of what only squares inputs, and targets. */
const widestOfSquares = 1e120;

/** @param largest of the inputs, or of the targets, by size */
export function requireSquares(largest: number, what: string, limit = widest): void {
  if (largest > limit) throw new InputError(`${what}: squares of ${largest} overflow float64; rescale to about 1`);
  if (largest > 0 && largest < 1 / limit) {
    throw new InputError(`${what}: squares of ${largest}, its largest entry, vanish in float64; rescale to about 1`);
  }
}

/** For what squares inputs, targets, and weights, which are about as large as targets over inputs. */
export function requireGramSquares(largestInput: number, largestTarget: number, caller: string): void {
  requireSquares(largestInput, `${caller}: x`, widestOfSquares);
  requireSquares(largestTarget, `${caller}: y`, widestOfSquares);
  if (largestInput > 0) requireSquares(largestTarget / largestInput, `${caller}: weights, of about y/x`);
}

/** A task may weigh next to nothing beside others; all of them may not. */
export function requireWeights(heaviest: number, caller: string): void {
  if (heaviest >= 1e-20 && heaviest <= 1e20) return;
  throw new InputError(
    `${caller}: the largest weight of a row, task weight times sample weight, is ${heaviest}; ` +
      "divide all weights and λ by it: the fit stays the same",
  );
}
