import type { Entry, Results, Row } from "../harness/results.js";

/** One row, seen from our side. */
export interface Comparison {
  readonly row: Row;
  readonly ours: Measured | undefined;
  /** The fastest library of JavaScript and WebAssembly. */
  readonly bestPeer: Measured | undefined;
  readonly bestNative: Measured | undefined;
  /** Ours over the best peer's: above 1 we lose. */
  readonly ratio: number | undefined;
  readonly nativeRatio: number | undefined;
  /** The machine's limit over ours: 1 is all there is. */
  readonly share: number | undefined;
  /** Ours on several threads, and how many times as fast as on one. */
  readonly threads: Measured | undefined;
  readonly speedUp: number | undefined;
}

export interface Measured {
  readonly peer: string;
  readonly median: number;
}

const medianOf = ({ outcome }: Entry): number => (outcome.state === "measured" ? outcome.summary.median : Number.NaN);

function best(entries: readonly Entry[], origin: Entry["origin"]): Measured | undefined {
  const measured = entries
    .filter((entry) => entry.origin === origin && entry.outcome.state === "measured")
    .map((entry) => ({ peer: entry.peer, median: medianOf(entry) }));
  return measured.length === 0 ? undefined : measured.reduce((a, b) => (b.median < a.median ? b : a));
}

const over = (a: Measured | undefined, b: Measured | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a.median / b.median;

export function compare(row: Row): Comparison {
  const ours = best(row.entries, "ours");
  const bestPeer = best(row.entries, "script");
  const bestNative = best(row.entries, "native");
  const threads = best(row.entries, "threads");
  return {
    row,
    ours,
    bestPeer,
    bestNative,
    ratio: over(ours, bestPeer),
    nativeRatio: over(ours, bestNative),
    share: ours === undefined || row.limit === undefined ? undefined : row.limit / ours.median,
    threads,
    speedUp: over(ours, threads),
  };
}

/** Where we lose comes first, worst first; then where nothing of ours or of the peers' was measured; then the rest. */
export function lossesFirst(rows: readonly Row[]): Comparison[] {
  const rank = ({ ratio }: Comparison) => (ratio === undefined ? 1 : ratio);
  return rows.map(compare).sort((a, b) => rank(b) - rank(a));
}

/** One row of the chart: how many times ours is as fast, or as small, as another. Below 1 we lose. */
export interface Advantage {
  readonly row: string;
  readonly overPeer: number;
  readonly peer: string;
  /** Over the fastest native library. */
  readonly overNative: number | undefined;
}

/** Rows that can be compared, worst first, under the newest Node of the results. */
export function advantages({ rows }: Pick<Results, "rows">): Advantage[] {
  const newest = Math.max(...rows.map(({ node }) => Number.parseInt(node, 10)));
  return rows
    .filter(({ node }) => Number.parseInt(node, 10) === newest)
    .flatMap((row: Row): Advantage[] => {
      const { ratio, nativeRatio, bestPeer } = compare(row);
      if (ratio === undefined || bestPeer === undefined) return [];
      return [
        {
          row: `${row.family} ${row.name}`,
          overPeer: 1 / ratio,
          peer: bestPeer.peer,
          overNative: nativeRatio === undefined ? undefined : 1 / nativeRatio,
        },
      ];
    })
    .sort((a, b) => a.overPeer - b.overPeer);
}
