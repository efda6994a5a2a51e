import { type Tensor, tensor } from "@kinship/tensor";
import { jvp } from "../forward.js";
import { differentiate } from "./differences.js";
import { flat, moved, type Problem } from "./problem.js";
import { DerivativeError, inputsOf, number, off, place, rounded, worst } from "./report.js";

type Compared = { readonly at: number; readonly found: number; readonly expected: number; readonly error: number };

const largest = (values: Float64Array): number => values.reduce((top, x) => Math.max(top, Math.abs(x)), 0);

/** The entry in which a derivative differs from the differences of `g` by more than their error explains. */
export function againstDifferences(
  found: Float64Array,
  g: (t: number) => Float64Array,
  tolerance: number,
  inconclusive: (k: number, error: number) => Error,
): Compared | undefined {
  const { value, error } = differentiate(g);
  const size = largest(value);
  const middle = g(0);
  // Of the values, but no less than 1: what cancels inside `g` has rounded as numbers of ordinary size do.
  const magnitude = Math.max(largest(middle), 1);
  const scale = (k: number) => Math.abs(value[k]) + 0.01 * size;
  const unknown = error.findIndex((e) => !Number.isFinite(e));
  if (unknown >= 0) throw inconclusive(unknown, error[unknown]);
  const at = worst({
    found,
    expected: value,
    allowed: (k) => tolerance * scale(k) + 8 * error[k] + rounded * magnitude,
  });
  if (at !== undefined) return { at, found: found[at], expected: value[at], error: error[at] };
  // Differences that settle nowhere agree with everything: that is no proof. Nor is their mean of two different slopes.
  // How fast values change a little further off counts too: where a derivative is 0, nothing can be relative to it.
  const near = largest(steeper(g, middle, 1e-3));
  const short = 1e-6;
  const bend = bends(g, middle, short);
  const rounding = (16 * Number.EPSILON * magnitude) / short;
  const vague = error.findIndex((e, k) => {
    const slope = scale(k) + near;
    return e > 1e-4 * slope + 1e-9 * magnitude || bend[k] > 0.05 * slope + rounding;
  });
  if (vague >= 0) throw inconclusive(vague, Math.max(error[vague], bend[vague]));
  return undefined;
}

/** The slopes of the lines from the values at 0 to those at either side, the steeper of the two. */
function steeper(g: (t: number) => Float64Array, middle: Float64Array, h: number): Float64Array {
  return sides(g, middle, h, (left, right) => Math.max(Math.abs(left), Math.abs(right)));
}

/** How much the slope on one side differs from that on the other: next to nothing, unless there is a kink. */
function bends(g: (t: number) => Float64Array, middle: Float64Array, h: number): Float64Array {
  return sides(g, middle, h, (left, right) => Math.abs(right - left));
}

function sides(
  g: (t: number) => Float64Array,
  middle: Float64Array,
  h: number,
  compare: (left: number, right: number) => number,
): Float64Array {
  try {
    const [before, after] = [g(-h), g(h)];
    return middle.map((x, k) => {
      const found = compare((x - before[k]) / h, (after[k] - x) / h);
      return Number.isFinite(found) ? found : 0;
    });
  } catch {
    return middle.map(() => 0);
  }
}

function checkAlong(problem: Problem, v: readonly Tensor[], tolerance: number) {
  const [y, t] = jvp((...xs: Tensor[]) => problem.run(xs), problem.at, v);
  const compared = againstDifferences(
    flat(t),
    (step) => flat(problem.run(moved(problem.at, step, v))),
    tolerance,
    (k, error) =>
      new DerivativeError("differences do not settle, so that nothing is proved", [
        `${place(problem.outputs, y, k)}: the differences are uncertain by ${error.toPrecision(3)}`,
        "is the function smooth here? keep inputs away from kinks, and results from rounding to fewer digits",
        ...inputsOf(problem),
      ]),
  );
  return compared && { ...compared, y };
}

/** J·v, entry by entry, against differences of the values. */
export function forwardMatchesDifferences(problem: Problem, v: readonly Tensor[], tolerance: number): void {
  const failed = checkAlong(problem, v, tolerance);
  if (!failed) return;
  const entry = locate(problem, tolerance);
  throw new DerivativeError("jvp differs from finite differences", [
    `${place(problem.outputs, failed.y, failed.at)}: jvp ${number(failed.found)}, differences ${number(failed.expected)} ± ${failed.error.toPrecision(2)}, along a random direction`,
    ...(entry ? [entry] : []),
    ...inputsOf(problem),
  ]);
}

/** One input entry after another, to say which derivative it is that is wrong. */
function locate(problem: Problem, tolerance: number): string | undefined {
  for (const [j, x] of problem.at.entries())
    for (let k = 0; k < x.size; k++) {
      const v = problem.at.map((other) => tensor(new Float64Array(other.size), { shape: other.shape }));
      v[j].data[k] = 1;
      const failed = checkAlong(problem, v, tolerance);
      if (failed)
        return `∂ ${place(problem.outputs, failed.y, failed.at)} / ∂ ${place([problem.inputs[j]], [x], k)}: jvp ${number(failed.found)}, differences ${number(failed.expected)}, ${off(failed.found, failed.expected)}`;
    }
  return undefined;
}
