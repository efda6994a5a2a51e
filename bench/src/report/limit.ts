import type { Work } from "../harness/family.js";
import type { Row } from "../harness/results.js";

/** What one core can do at most, measured in the same run. */
export interface Limits {
  /** Operations a nanosecond, fused where the engine has it. */
  readonly flops: { readonly float32: number; readonly float64: number };
  /** Bytes a nanosecond, by the bytes touched: the faster of copy and triad. */
  readonly bandwidth: readonly { readonly bytes: number; readonly rate: number }[];
}

/** Operations a nanosecond where operations are the work, else bytes. */
export const rate = ({ flops, bytes }: Work, nanoseconds: number): number => (flops ?? bytes ?? 0) / nanoseconds;

/** Undefined where a limit was not measured: shares are then not shown. */
export function limitsFrom(rows: readonly Row[], node: string): Limits | undefined {
  const rates = rows
    .filter((row) => row.node === node)
    .flatMap(({ work, entries }) => {
      const outcome = entries.find(({ origin }) => origin === "machine")?.outcome;
      return outcome?.state === "measured" ? [{ work, rate: rate(work, outcome.summary.median) }] : [];
    });
  const best = (dtype: Work["dtype"]) =>
    Math.max(...rates.filter(({ work }) => work.dtype === dtype).map(({ rate }) => rate));
  const flops = { float32: best("float32"), float64: best("float64") };
  const bandwidth = new Map<number, number>();
  for (const { work, rate } of rates)
    if (work.bytes !== undefined) bandwidth.set(work.bytes, Math.max(rate, bandwidth.get(work.bytes) ?? 0));
  if (!Number.isFinite(flops.float32) || !Number.isFinite(flops.float64) || bandwidth.size === 0) return undefined;
  return {
    flops,
    bandwidth: [...bandwidth].map(([bytes, rate]) => ({ bytes, rate })).sort((a, b) => a.bytes - b.bytes),
  };
}

/** Nanoseconds that the work takes at least: the roofline of Williams, Waterman and Patterson (2009). */
export function shortestTime({ flops, bytes, dtype = "float32" }: Work, limits: Limits): number | undefined {
  if (flops === undefined && bytes === undefined) return undefined;
  const level = limits.bandwidth.find((candidate) => candidate.bytes >= (bytes ?? 0)) ?? limits.bandwidth.at(-1)!;
  return Math.max((flops ?? 0) / limits.flops[dtype], (bytes ?? 0) / level.rate);
}
