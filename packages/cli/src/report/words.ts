import type { Measure } from "@kinship/mtl";
import type { MethodKey } from "./data.js";

/** A measure in its unit. */
export const measured = ({ value, kind }: Measure, decimals: number): string =>
  kind === "share" ? percent(value) : fixed(value, decimals);

/** What the three fits are called, in tables and in running text. */
export const methodName: Readonly<Record<MethodKey, { readonly title: string; readonly plain: string }>> = {
  single: { title: "Single-task", plain: "each alone" },
  pooled: { title: "Pooled", plain: "one model for all" },
  multi: { title: "Multi-task", plain: "together" },
};

const isWord = (noun: string): boolean => /^[A-Za-z]+$/.test(noun);

/** "schools" for a column named school; a name that is no plain word gives "tasks". */
export function plural(noun: string): string {
  if (!isWord(noun)) return "tasks";
  if (/[^aeiou]y$/i.test(noun)) return `${noun.slice(0, -1)}ies`;
  if (/(s|x|z|ch|sh)$/i.test(noun)) return `${noun}es`;
  return `${noun}s`;
}

export const singular = (noun: string): string => (isWord(noun) ? noun : "task");

export function count(n: number, noun: string): string {
  return `${whole(n)} ${n === 1 ? singular(noun) : plural(noun)}`;
}

/** 7,185 */
export const whole = (n: number): string => n.toLocaleString("en-GB", { maximumFractionDigits: 0 });

/** Four significant digits at most, and no exponent for what people read easily. */
export function decimal(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return "n/a";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) {
    const [mantissa, exponent] = value.toExponential(Math.min(2, digits - 1)).split("e") as [string, string];
    return `${minus(String(Number(mantissa)))} × 10${superscript(Number(exponent))}`;
  }
  return minus(value.toLocaleString("en-GB", { maximumSignificantDigits: digits }));
}

/** Two values of the same kind side by side need the same number of decimals. */
export const fixed = (value: number, decimals: number): string =>
  Number.isFinite(value)
    ? minus(value.toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }))
    : "n/a";

/** As many decimals as the size of the values deserves: 0.1234, 12.34, 1234. */
export const decimalsFor = (size: number): number =>
  size > 0 && Number.isFinite(size) ? Math.min(8, Math.max(0, 3 - Math.floor(Math.log10(size)))) : 2;

export const percent = (share: number, decimals = 1): string =>
  Number.isFinite(share) ? `${fixed(100 * share, decimals)}%` : "n/a";

/** With a true minus sign, and none before a value that was rounded to zero. */
const minus = (text: string): string => (/[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", ""));

export const superscript = (exponent: number): string =>
  [...String(exponent)].map((digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)])).join("");

export const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** Standard deviation over tasks. */
export function spread(values: ArrayLike<number>): number {
  const centre = mean(values);
  return Math.sqrt(mean(Array.from(values, (value) => (value - centre) ** 2)));
}
