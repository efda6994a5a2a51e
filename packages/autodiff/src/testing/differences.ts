/** A derivative found from values alone, and how far it may be off, entry by entry. */
export interface Difference {
  readonly value: Float64Array;
  readonly error: Float64Array;
}

// Not powers of two, so that a function whose period is one is not always met at the same phase.
const longest = 0.0371;
const levels = 22;

/** Steps so far apart settle nothing; below them, three that bring nothing are enough. */
const patience = 10;

/**
 * The derivative at 0 of t ↦ g(t), by five-point central differences, (8(g(h) − g(−h)) − (g(2h) − g(−2h))) / 12h, whose
 * error is of order h⁴. The step is halved until halving no longer helps: each entry keeps the step at which the change
 * from the step before and the rounding of the values, ε·|g|/h, add up to least. That sum is its error estimate, unless
 * other steps show more noise: what cancels inside `g` has rounded more than its values tell.
 * Steps at which `g` throws or is not finite are passed over.
 * @throws what `g` throws, where it does so at every step.
 */
export function differentiate(g: (t: number) => Float64Array): Difference {
  let failure: unknown;
  const at = (t: number): Float64Array | undefined => {
    try {
      return g(t);
    } catch (error) {
      failure = error;
      return undefined;
    }
  };
  let best: Best | undefined;
  const history: Estimate[] = [];
  let outer = [at(2 * longest), at(-2 * longest)] as const;
  let stale = 0;
  for (let level = 0; level < levels; level++) {
    const h = longest / 2 ** level;
    const inner = [at(h), at(-h)] as const;
    const now = fivePoint(inner, outer, h);
    outer = inner;
    if (!now) {
      history.length = 0;
      continue;
    }
    history.push(now);
    if (history.length === 1) continue;
    best ??= {
      value: new Float64Array(now.slope.length).fill(Number.NaN),
      error: new Float64Array(now.slope.length).fill(Number.POSITIVE_INFINITY),
      step: new Float64Array(now.slope.length),
    };
    stale = keepBetter(best, now, history[history.length - 2].slope) ? 0 : stale + 1;
    if (settled(best) ? stale > 0 : stale >= 3 && level >= patience) break;
  }
  if (!best) throw failure ?? new Error("differences: no step gave finite values");
  return withNoise(best, history);
}

interface Best extends Difference {
  readonly step: Float64Array;
}

/** Whether any entry got much better. */
function keepBetter(best: Best, now: Estimate, before: Float64Array): boolean {
  let better = false;
  for (let k = 0; k < now.slope.length; k++) {
    const error = Math.abs(now.slope[k] - before[k]) + now.rounding[k];
    if (!(error < best.error[k])) continue;
    better ||= error < 0.5 * best.error[k];
    best.error[k] = error;
    best.value[k] = now.slope[k];
    best.step[k] = now.h;
  }
  return better;
}

/** The noise of values, as differences at shorter steps show it, h·|D(h) − D|, counts at the step that was kept. */
function withNoise({ value, error, step }: Best, history: readonly Estimate[]): Difference {
  for (let k = 0; k < value.length; k++)
    for (const { slope, h } of history) {
      const noise = (Math.abs(slope[k] - value[k]) * h) / step[k];
      if (h <= 2 * step[k] && noise > error[k]) error[k] = noise;
    }
  return { value, error };
}

function settled({ value, error }: Difference): boolean {
  let size = 0;
  for (const x of value) size = Math.max(size, Math.abs(x));
  return error.every((e) => e <= 1e-9 * size);
}

interface Estimate {
  readonly h: number;
  readonly slope: Float64Array;
  readonly rounding: Float64Array;
}

type Pair = readonly [Float64Array | undefined, Float64Array | undefined];

function fivePoint([a, b]: Pair, [c, d]: Pair, h: number): Estimate | undefined {
  if (!a || !b || !c || !d) return undefined;
  const slope = new Float64Array(a.length);
  const rounding = new Float64Array(a.length);
  for (let k = 0; k < slope.length; k++) {
    slope[k] = (8 * (a[k] - b[k]) - (c[k] - d[k])) / (12 * h);
    const size = Math.max(Math.abs(a[k]), Math.abs(b[k]), Math.abs(c[k]), Math.abs(d[k]));
    rounding[k] = (2 * Number.EPSILON * size) / h;
  }
  return { h, slope, rounding };
}
