import { createRandom } from "../data/random.js";
import { InputError } from "../errors.js";

/** All combinations of values: `grid({ ratio: [.1, .5, .9] }, elasticNet)`. */
export function grid<Name extends string, T>(
  values: Readonly<Record<Name, readonly number[]>>,
  make: (options: Record<Name, number>) => T,
): T[] {
  const names = Object.keys(values) as Name[];
  let chosen: Partial<Record<Name, number>>[] = [{}];
  for (const name of names) {
    if (values[name].length === 0) throw new InputError(`grid: "${name}" has no values`);
    chosen = chosen.flatMap((so) => values[name].map((value) => ({ ...so, [name]: value })));
  }
  return chosen.map((options) => make(options as Record<Name, number>));
}

/** Between `low` and `high`, evenly, or evenly by its logarithm. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly scale?: "linear" | "logarithmic";
}

/**
 * `count` draws from the ranges (Bergstra & Bengio, Random search for hyper-parameter optimization, 2012): better than a
 * grid where few of the options matter. The same seed gives the same draws.
 */
export function randomSearch<Name extends string, T>(
  ranges: Readonly<Record<Name, Range>>,
  make: (options: Record<Name, number>) => T,
  { count = 10, seed = 0 }: { readonly count?: number; readonly seed?: number } = {},
): T[] {
  const random = createRandom(seed);
  const names = Object.keys(ranges) as Name[];
  for (const name of names) {
    const { low, high, scale } = ranges[name];
    if (!(low <= high && Number.isFinite(high - low) && (scale !== "logarithmic" || low > 0))) {
      throw new InputError(
        `randomSearch: "${name}" needs low ≤ high, both finite (and > 0 by logarithms), not ${low} to ${high}`,
      );
    }
  }
  return Array.from({ length: count }, () => {
    const options = names.map((name) => {
      const { low, high, scale = "linear" } = ranges[name];
      const share = random();
      return [name, scale === "linear" ? low + share * (high - low) : low * (high / low) ** share];
    });
    return make(Object.fromEntries(options) as Record<Name, number>);
  });
}
