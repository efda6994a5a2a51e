import { jvp, type Structured } from "@kinship/autodiff";
import { add, mapLeaves, matchLeaves, mul, type Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";

/** A function's value and slope at a step length along a direction, and where that is. */
export interface LinePoint<Parameters> {
  readonly length: number;
  readonly parameters: Parameters;
  readonly value: number;
  readonly slope: number;
}

export interface LineSearchOptions {
  /** The first length tried. Default 1. */
  readonly initial?: number;
  /** c₁: the part of the decrease that the slope promises which must come true. Default 1e-4. */
  readonly sufficientDecrease?: number;
  /** c₂ > c₁: the part of the slope that may be left. Default 0.9. */
  readonly curvature?: number;
  /** Passes forward at most. Default 40. */
  readonly evaluations?: number;
}

/** x + α d. */
export function moveAlong<Parameters>(x: Parameters, d: Parameters, length: number): Parameters {
  const pairs = matchLeaves("moveAlong", x, d);
  let at = 0;
  return mapLeaves("moveAlong", x, (leaf) => add(leaf, mul(pairs[at++]![1], length)));
}

/** φ(α) = f(x + α d) and φ′(α), both from one pass forward. */
function along<Parameters extends Structured<Parameters>>(
  f: (x: Parameters) => Tensor,
  x: Parameters,
  d: Parameters,
): (length: number) => LinePoint<Parameters> {
  return (length) => {
    const parameters = length === 0 ? x : moveAlong(x, d, length);
    const [value, slope] = jvp<[Parameters], Tensor>((own) => f(own), [parameters], [d]);
    return { length, parameters, value: value.item(), slope: slope.item() };
  };
}

function requireDescent<P>(name: string, { value, slope }: LinePoint<P>): void {
  if (!(slope < 0))
    throw new InputError(
      `${name}: the directional derivative is ${slope}, expected a negative number; is the direction downhill?`,
    );
  if (!Number.isFinite(value)) throw new InputError(`${name}: the function is ${value} where the search starts`);
}

/**
 * Halves the step until f(x + α d) ≤ f(x) + c₁ α D f(x; d) (L. Armijo, 1966). Undefined where no length that was tried
 * did.
 * @throws InputError where the direction does not lead downhill.
 * @example armijoSearch((x) => sum(mul(x, x)), tensor([1]), tensor([-4]))?.length   // 0.25
 */
export function armijoSearch<Parameters extends Structured<Parameters>>(
  f: (x: Parameters) => Tensor,
  x: Parameters,
  d: Parameters,
  { initial = 1, sufficientDecrease = 1e-4, evaluations = 40 }: LineSearchOptions = {},
): LinePoint<Parameters> | undefined {
  const at = along(f, x, d);
  const start = at(0);
  requireDescent("armijoSearch", start);
  for (let k = 0, length = initial; k < evaluations; k++, length /= 2) {
    const point = at(length);
    if (point.value <= start.value + sufficientDecrease * length * start.slope) return point;
  }
  return undefined;
}

/**
 * A step length with sufficient decrease and a slope of at most c₂ |D f(x; d)| (the strong Wolfe conditions), by
 * bracketing and zooming in with cubic interpolation (J. Nocedal and S. Wright, Numerical Optimization, 2006, algorithms
 * 3.5 and 3.6). Slopes are directional derivatives: one pass forward a trial, no gradient. Undefined where none is found
 * in time.
 * @throws InputError where the direction does not lead downhill.
 * @example wolfeSearch((x) => sum(mul(x, x)), tensor([1]), tensor([-2]))?.length
 */
export function wolfeSearch<Parameters extends Structured<Parameters>>(
  f: (x: Parameters) => Tensor,
  x: Parameters,
  d: Parameters,
  { initial = 1, sufficientDecrease = 1e-4, curvature = 0.9, evaluations = 40 }: LineSearchOptions = {},
): LinePoint<Parameters> | undefined {
  const at = along(f, x, d);
  const start = at(0);
  requireDescent("wolfeSearch", start);
  const decreased = (p: LinePoint<Parameters>) => p.value <= start.value + sufficientDecrease * p.length * start.slope;
  const flat = (p: LinePoint<Parameters>) => Math.abs(p.slope) <= -curvature * start.slope;
  let low = start;
  let high: LinePoint<Parameters> | undefined;
  let length = initial;
  for (let k = 0; k < evaluations; k++) {
    const point = at(length);
    // Written so that a value that is not a number counts as too far.
    if (!(decreased(point) && (point.value < low.value || low === start))) {
      high = point;
    } else {
      if (flat(point)) return point;
      if (high === undefined ? point.slope >= 0 : point.slope * (high.length - low.length) >= 0) high = low;
      low = point;
    }
    length = high === undefined ? 2 * point.length : between(low, high);
  }
  return undefined;
}

/** The minimiser of the cubic through both points' values and slopes, kept off the ends of the interval. */
function between<P>(low: LinePoint<P>, high: LinePoint<P>): number {
  const width = high.length - low.length;
  const middle = low.length + width / 2;
  const a = low.slope + high.slope - (3 * (high.value - low.value)) / width;
  const b = Math.sign(width) * Math.sqrt(a * a - low.slope * high.slope);
  const cubic = high.length - (width * (high.slope + b - a)) / (high.slope - low.slope + 2 * b);
  const part = (cubic - low.length) / width;
  return part > 0.1 && part < 0.9 ? cubic : middle;
}
