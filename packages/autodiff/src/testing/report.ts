import type { Tensor } from "@kinship/tensor";
import type { Problem } from "./problem.js";

/** What cancels leaves this much of numbers of ordinary size: below it, results differ by rounding alone. */
export const rounded = 1e-14;

/** A law that a derivative breaks. The message says which, where and by how much. */
export class DerivativeError extends Error {
  override readonly name = "DerivativeError";
  constructor(
    readonly law: string,
    details: readonly string[],
    caller = "checkDerivatives",
  ) {
    super([`${caller}: ${law}`, ...details].join("\n  "));
  }
}

export interface Comparison {
  readonly found: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  /** How far each entry may be off. */
  readonly allowed: (k: number) => number;
}

/** The entry that is off by most of what is allowed, if any is off by more. */
export function worst({ found, expected, allowed }: Comparison): number | undefined {
  let at: number | undefined;
  let most = 1;
  for (let k = 0; k < found.length; k++) {
    const off = Math.abs(found[k] - expected[k]);
    // Not-a-number on both sides says nothing; on one side it is wrong.
    if (Number.isNaN(found[k]) && Number.isNaN(expected[k])) continue;
    if (found[k] === expected[k]) continue;
    const share = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off / allowed(k);
    if (share > most) {
      most = share;
      at = k;
    }
  }
  return at;
}

export function indexOf(x: { readonly shape: readonly number[] }, position: number): string {
  let rest = position;
  const index = [...x.shape].reverse().map((size) => {
    const i = rest % size;
    rest = (rest - i) / size;
    return i;
  });
  return `[${index.reverse().join(", ")}]`;
}

/** Which entry of which tensor stands at a position of the flat list of all. */
export function place(names: readonly string[], xs: readonly Tensor[], position: number): string {
  let rest = position;
  for (const [k, x] of xs.entries()) {
    if (rest < x.size) return x.size === 1 ? names[k] : `${names[k]} at ${indexOf(x, rest)}`;
    rest -= x.size;
  }
  return "nowhere";
}

export const number = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : value.toPrecision(10);

export function off(found: number, expected: number): string {
  const by = Math.abs(found - expected);
  const relative = Math.abs(expected) > 0 ? `, a factor of ${(found / expected).toPrecision(6)}` : "";
  return `off by ${by.toPrecision(3)}${relative}`;
}

export const inputsOf = ({ at, inputs }: Problem): string[] => at.map((x, k) => `${inputs[k]} = ${x.toString()}`);
