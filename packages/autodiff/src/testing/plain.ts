import { againstDifferences } from "./forward.js";
import { DerivativeError, number, off } from "./report.js";

const failure = (law: string, details: readonly string[]): DerivativeError =>
  new DerivativeError(law, details, "checkGradient");

export interface PlainOptions {
  /** Relative, beyond the error of the differences. Default: 1e-7. */
  readonly tolerance?: number;
}

/**
 * Whether `gradient` is the gradient of `f` at `at`, entry by entry, for plain functions of numbers: of any library, or
 * written by hand. `f` runs about twenty times for each entry.
 * @throws DerivativeError with the entry that is wrong and by how much.
 * @example checkGradient(([x, y]) => x * y, ([x, y]) => [y, x], [2, 3])
 */
export function checkGradient(
  f: (x: Float64Array) => number,
  gradient: (x: Float64Array) => ArrayLike<number>,
  at: ArrayLike<number>,
  { tolerance = 1e-7 }: PlainOptions = {},
): void {
  const x = Float64Array.from(at);
  const given = x.slice();
  const found = Float64Array.from(gradient(given));
  if (!given.every((value, k) => Object.is(value, x[k]))) throw failure("the gradient function wrote to its input", []);
  if (found.length !== x.length)
    throw failure("the gradient has another length than the input", [`${found.length} for ${x.length} entries`]);
  // Coordinates are stepped by the size of each number, so that large and small ones are found alike.
  for (let k = 0; k < x.length; k++) {
    const size = Math.abs(x[k]) || 1;
    const along = (t: number): Float64Array => {
      const moved = x.slice();
      moved[k] += t * size;
      return Float64Array.of(f(moved));
    };
    const failed = againstDifferences(Float64Array.of(found[k] * size), along, tolerance, (_, error) =>
      failure("differences do not settle, so that nothing is proved", [
        `entry ${k}: they are uncertain by ${(error / size).toPrecision(3)}; is the function smooth here?`,
      ]),
    );
    if (failed)
      throw failure("the gradient differs from finite differences", [
        `entry ${k} of ${x.length}: gradient ${number(found[k])}, differences ${number(failed.expected / size)}, ${off(found[k], failed.expected / size)}`,
        `at [${Array.from(x, number).join(", ")}]`,
      ]);
  }
}
