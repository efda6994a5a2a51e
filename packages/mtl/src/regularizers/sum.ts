import { largestAbsolute } from "../algebra/norms.js";
import { InputError } from "../errors.js";
import { sumPrecisions } from "../relations/precision.js";
import type { Penalty, Regularizer } from "./regularizer.js";
import { describeParts, type Weighted, weighted } from "./split.js";

/** Rounds of the inner iteration at most, and the relative change at which it ends. */
const mostRounds = 2000;
const tolerance = 1e-14;

/**
 * Ω(W) = Σ_k weight_k Ω_k(W), all on the same weights: joint features that are sparse within (`jointFeatures` +
 * `lasso`), fused tasks that are sparse (`graphFused` + `lasso`), low rank with ridge. The proximal operator is found by
 * Dykstra's alternation (Bauschke & Combettes, A Dykstra-like algorithm for two monotone operators, 2008), which is
 * descent on blocks of its dual and starts where the last call ended; a pair that composes ends in two rounds.
 */
export function sumOfRegularizers(parts: readonly Weighted[]): Regularizer {
  if (parts.length < 2) throw new InputError(`sumOfRegularizers: needs two parts or more, there are ${parts.length}`);
  const scaled = parts.map((part) => weighted(part, "sumOfRegularizers"));
  const kinships = scaled.flatMap(({ kinship }) => kinship ?? []);
  return {
    kind: "single",
    name: "sum",
    source: scaled.map(({ source }) => source).join("; "),
    parameters: describeParts(scaled),
    ...(kinships.length === 1 && { kinship: kinships[0]! }),
    on(shape): Penalty {
      const penalties = scaled.map((part) => part.on(shape));
      const size = shape.tasks.length * shape.width;
      const pulls = penalties.map(() => new Float64Array(size));
      const before = new Float64Array(size);
      const shifted = new Float64Array(size);
      const point = new Float64Array(size);
      let lastStep = 0;
      const quadratics = penalties.flatMap(({ quadratic }) => quadratic ?? []);

      function proximal(v: Float64Array, step: number, out: Float64Array): undefined {
        // Pulls are step times subgradients: they grow with the step.
        const factor = lastStep > 0 ? step / lastStep : 0;
        lastStep = step;
        point.set(v);
        for (const pull of pulls) {
          for (let i = 0; i < size; i++) {
            pull[i] = pull[i]! * factor;
            point[i] = point[i]! - pull[i]!;
          }
        }
        const scale = tolerance * largestAbsolute(v);
        for (let round = 0; round < mostRounds; round++) {
          let change = 0;
          for (const [k, penalty] of penalties.entries()) {
            const pull = pulls[k]!;
            before.set(point);
            for (let i = 0; i < size; i++) shifted[i] = point[i]! + pull[i]!;
            penalty.proximal(shifted, step, point);
            for (let i = 0; i < size; i++) {
              pull[i] = shifted[i]! - point[i]!;
              change = Math.max(change, Math.abs(point[i]! - before[i]!));
            }
          }
          if (!(change > scale)) break;
        }
        out.set(point);
      }

      return {
        value: (w) => penalties.reduce((total, penalty) => total + penalty.value(w), 0),
        proximal,
        ...(quadratics.length === penalties.length && {
          quadratic: sumPrecisions(quadratics, shape.tasks.length),
        }),
      };
    },
  };
}
