import type { Tensor } from "@kinship/tensor";
import { indexOf } from "./report.js";

/** An entry is close if any bound holds. Default: 4 units in the last place. */
export interface Closeness {
  /** Units in the last place of the dtype: how many numbers of that type lie between, plus one. */
  readonly ulps?: number;
  readonly relative?: number;
  readonly absolute?: number;
}

/** How many numbers of the type lie from one to the other: neighbours are 1 apart, −0 and 0 are not apart. */
function ulpsBetween(a: number, b: number, dtype: "float32" | "float64"): number {
  return Number(
    ordinal(a, dtype) > ordinal(b, dtype)
      ? ordinal(a, dtype) - ordinal(b, dtype)
      : ordinal(b, dtype) - ordinal(a, dtype),
  );
}

/** Floating-point numbers in their order, as whole numbers. */
function ordinal(value: number, dtype: "float32" | "float64"): bigint {
  const bits =
    dtype === "float32"
      ? BigInt(new Int32Array(Float32Array.of(value).buffer)[0])
      : new BigInt64Array(Float64Array.of(value).buffer)[0];
  const lowest = dtype === "float32" ? -(2n ** 31n) : -(2n ** 63n);
  return bits < 0n ? lowest - bits : bits;
}

/** What is not close, for people; undefined where all is. */
export function differenceOf(found: Tensor, expected: Tensor, closeness: Closeness = { ulps: 4 }): string | undefined {
  const [a, b] = [found, expected].map(({ shape, dtype }) => `[${shape.join(", ")}] ${dtype}`);
  if (a !== b) return `expected ${b}, found ${a}`;
  const { ulps = 0, relative = 0, absolute = 0 } = closeness;
  const dtype = expected.dtype === "float32" ? "float32" : "float64";
  const [xs, ys] = [found.toTypedArray(), expected.toTypedArray()];
  let count = 0;
  let worst = { excess: -1, text: "" };
  xs.forEach((x, k) => {
    const y = ys[k];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return;
    const off = Math.abs(x - y);
    if (off <= Math.max(absolute, relative * Math.abs(y)) && Number.isFinite(off)) return;
    const apart = ulpsBetween(x, y, dtype);
    if (Number.isFinite(off) && apart <= ulps) return;
    count++;
    const excess = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    if (excess > worst.excess)
      worst = {
        excess,
        text: `at ${indexOf(expected, k)}: ${x}, expected ${y}, off by ${off.toPrecision(3)}${Number.isFinite(off) ? ` (${apart} ulps, relative ${(off / Math.abs(y)).toPrecision(3)})` : ""}`,
      };
  });
  if (count === 0) return undefined;
  return `${count} of ${xs.length} entries differ by more than ${JSON.stringify(closeness)}; the worst ${worst.text}`;
}
