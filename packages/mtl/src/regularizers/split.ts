import { InputError } from "../errors.js";
import { scalePrecision } from "../relations/precision.js";
import type { Dual, Penalty, Regularizer, Shape, SplitRegularizer } from "./regularizer.js";
import { requirePositive } from "./requirements.js";

/** One part of a split or a sum: a regularizer, and what multiplies it beside λ (1 unless given). */
export interface Weighted {
  readonly regularizer: Regularizer;
  readonly weight?: number;
}

/** weight · Ω. */
export function weighted({ regularizer, weight = 1 }: Weighted, caller: string): Regularizer {
  requirePositive(weight, `${caller}: the weight of ${regularizer.name}`);
  if (weight === 1) return regularizer;
  return {
    ...regularizer,
    parameters: { ...regularizer.parameters, weight },
    on(shape) {
      const { value, proximal, dual, quadratic, featurewise } = regularizer.on(shape);
      return {
        value: (w) => weight * value(w),
        proximal(v, step, out) {
          const found = proximal(v, step * weight, out);
          return typeof found === "number" ? weight * found : undefined;
        },
        ...(dual && { dual: scaledDual(dual, weight) }),
        ...(quadratic && { quadratic: scalePrecision(quadratic, weight) }),
        ...(featurewise && { featurewise: { norm: weight * featurewise.norm, ridge: weight * featurewise.ridge } }),
      };
    },
  };
}

function scaledDual({ polar, conjugate }: Dual, weight: number): Dual {
  return {
    polar: (v) => polar(v) / weight,
    conjugate: (v) => weight * conjugate(v.map((entry) => entry / weight)),
  };
}

export interface SplitOptions {
  readonly name?: string;
  readonly source?: string;
}

/** W = Σ_k W_k with the penalty Σ_k weight_k Ω_k(W_k): what the tasks share and what they do not, told apart. */
export function split(
  parts: readonly Weighted[],
  { name = "split", source = "" }: SplitOptions = {},
): SplitRegularizer {
  if (parts.length < 2) throw new InputError(`split: needs two parts or more, there are ${parts.length}`);
  const scaled = parts.map((part) => weighted(part, name));
  return {
    kind: "split",
    name,
    source: source || parts.map(({ regularizer }) => regularizer.source).join("; "),
    parameters: describeParts(scaled),
    parts: scaled,
  };
}

export function describeParts(parts: readonly Regularizer[]): SplitRegularizer["parameters"] {
  return Object.fromEntries(
    parts.flatMap(({ name, parameters }, k) => [
      [`part ${k + 1}`, name],
      ...Object.entries(parameters).map(([key, value]) => [`part ${k + 1}, ${key}`, value]),
    ]),
  );
}

/** The penalty on all parts side by side, [parts, tasks, width]. Its dual takes V as each part sees it: the same. */
export function splitPenalty({ parts }: SplitRegularizer, shape: Shape): Penalty & { readonly count: number } {
  const size = shape.tasks.length * shape.width;
  const penalties = parts.map((part) => part.on(shape));
  const of = (w: Float64Array, k: number) => w.subarray(k * size, (k + 1) * size);
  const duals = penalties.flatMap(({ dual }) => dual ?? []);
  return {
    count: parts.length,
    value: (w) => penalties.reduce((total, penalty, k) => total + penalty.value(of(w, k)), 0),
    proximal(v, step, out) {
      let total = 0;
      for (const [k, penalty] of penalties.entries()) {
        const part = of(out, k);
        total += penalty.proximal(of(v, k), step, part) ?? penalty.value(part);
      }
      return total;
    },
    ...(duals.length === parts.length && {
      dual: {
        polar: (v) => duals.reduce((most, dual, k) => Math.max(most, dual.polar(of(v, k))), 0),
        conjugate: (v) => duals.reduce((total, dual, k) => total + dual.conjugate(of(v, k)), 0),
      },
    }),
  };
}
