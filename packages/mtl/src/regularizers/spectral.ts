import { createSpectrum } from "../algebra/spectrum.js";
import type { Penalty, Shape } from "./regularizer.js";

/** A penalty of the singular values alone, given for a vector of them: its proximal operator acts on them alone too. */
export interface SpectralFunction {
  value(values: Float64Array): number;
  /** Keeps the order of values. */
  proximal(values: Float64Array, step: number): Float64Array;
  /**
   * 0 unless given. Small values must not count for more than their share of the sum of squares: they are known by their
   * squares.
   */
  polar?(values: Float64Array): number;
  /** As `polar`. */
  conjugate?(values: Float64Array): number;
}

/** Lewis, The convex analysis of unitarily invariant matrix functions, 1995: value, conjugate and proximal operator. */
export function spectralPenalty({ tasks, width }: Shape, f: SpectralFunction): Penalty {
  // One for steps, one for all else: each stays near what it decomposed last.
  const steps = createSpectrum(tasks.length, width);
  const others = createSpectrum(tasks.length, width);
  return {
    value: (w) => f.value(others.decompose(w)),
    proximal(v, step, out) {
      // What the proximal operator drops need not be known.
      const dropped = (found: Float64Array, bound: number) => {
        const raised = found.map((value) => Math.max(value, bound));
        return f.proximal(raised, step).every((value, i) => value === 0 || raised[i]! > bound);
      };
      const values = f.proximal(steps.decompose(v, dropped), step);
      steps.rebuild(values, out);
      return f.value(values);
    },
    dual: {
      polar: (v) => f.polar?.(others.decompose(v, () => true)) ?? 0,
      conjugate: (v) => f.conjugate?.(others.decompose(v, () => true)) ?? 0,
    },
  };
}
