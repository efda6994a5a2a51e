import type { Outcome, Results, Row, Unit } from "../harness/results.js";
import { spread } from "../harness/statistics.js";
import { type Comparison, compare, lossesFirst, type Measured } from "./comparison.js";
import { rate } from "./limit.js";

/** Columns as wide as their widest cell, in Markdown: readable in a terminal and in a page. */
export function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(3, ...[title, ...rows.map((row) => row[column]!)].map(width)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell + " ".repeat(widths[column]! - width(cell))).join(" | ")} |`;
  return [line(header), line(widths.map((length) => "-".repeat(length))), ...rows.map(line)].join("\n");
}

/** Characters, not UTF-16 units. */
const width = (text: string): number => Array.from(text).length;

const threeDigits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

export function amount(value: number, unit: Unit): string {
  const steps: readonly (readonly [number, string])[] =
    unit === "ns"
      ? [
          [1e9, "s"],
          [1e6, "ms"],
          [1e3, "µs"],
          [1, "ns"],
        ]
      : [
          [2 ** 20, "MiB"],
          [2 ** 10, "KiB"],
          [1, "B"],
        ];
  const [size, name] = steps.find(([step]) => value >= step) ?? steps.at(-1)!;
  return `${threeDigits(value / size)} ${name}`;
}

const STATES: Readonly<Record<Exclude<Outcome["state"], "measured">, string>> = {
  absent: "absent",
  none: "–",
  wrong: "WRONG",
  failed: "failed",
  crashed: "crashed",
  "timed out": "timed out",
  unstarted: "not yet",
};

export function cell(outcome: Outcome | undefined, unit: Unit): string {
  if (outcome === undefined) return "–";
  if (outcome.state !== "measured") return STATES[outcome.state];
  const share = Math.round(spread(outcome.summary) * 100);
  return `${amount(outcome.summary.median, unit)}${outcome.summary.samples > 1 ? ` ±${share}%` : ""}`;
}

const named = (measured: Measured | undefined, unit: Unit): string =>
  measured === undefined ? "–" : `${amount(measured.median, unit)} ${measured.peer}`;

const times = (ratio: number | undefined): string => (ratio === undefined ? "–" : `${threeDigits(ratio)}×`);

const percent = (share: number | undefined): string => (share === undefined ? "–" : `${Math.round(share * 100)} %`);

const severalNodes = (rows: readonly Row[]): boolean => new Set(rows.map(({ node }) => node)).size > 1;

const title = ({ family, name, node }: Row, withNode: boolean): string =>
  `${family} ${name}${withNode ? ` · Node ${node}` : ""}`;

/** What the machine can do: operations or bytes a second. */
function limitTable(rows: readonly Row[]): string {
  const withNode = severalNodes(rows);
  return markdown(
    ["the machine's limits", "rate"],
    rows.map((row) => {
      const outcome = row.entries.find(({ origin }) => origin === "machine")?.outcome;
      const unit = row.work.flops === undefined ? "GB/s" : "GFLOP/s";
      const shown =
        outcome?.state === "measured"
          ? `${threeDigits(rate(row.work, outcome.summary.median))} ${unit} ±${Math.round(spread(outcome.summary) * 100)}%`
          : (outcome?.reason ?? "–");
      return [title(row, withNode), shown];
    }),
  );
}

/** Ours against the best of the others: where we lose first. */
export function summaryTable(rows: readonly Row[]): string {
  const withNode = severalNodes(rows);
  return markdown(
    ["row", "ours", "best peer", "ours / best peer", "native", "ours / native", "share of the machine's limit"],
    lossesFirst(rows).map(({ row, ours, bestPeer, bestNative, ratio, nativeRatio, share }: Comparison) => [
      title(row, withNode),
      named(ours, row.unit),
      named(bestPeer, row.unit),
      times(ratio),
      named(bestNative, row.unit),
      times(nativeRatio),
      percent(share),
    ]),
  );
}

/** Ours on several threads against ours on one; empty where nothing was run on several. */
export function threadTable(rows: readonly Row[]): string {
  const withNode = severalNodes(rows);
  const compared = rows.map(compare).filter(({ threads }) => threads !== undefined);
  if (compared.length === 0) return "";
  return markdown(
    ["row", "one thread", "several", "times as fast"],
    compared.map(({ row, ours, threads, speedUp }) => [
      title(row, withNode),
      named(ours, row.unit),
      named(threads, row.unit),
      times(speedUp),
    ]),
  );
}

/** Every peer in every row. */
function fullTable(rows: readonly Row[]): string {
  const withNode = severalNodes(rows);
  const columns = [...new Set(rows.flatMap(({ entries }) => entries.map(({ peer }) => peer)))];
  return markdown(
    ["row", ...columns],
    lossesFirst(rows).map(({ row }) => [
      title(row, withNode),
      ...columns.map((column) => cell(row.entries.find(({ peer }) => peer === column)?.outcome, row.unit)),
    ]),
  );
}

/** What was not measured, and why: a line for each reason. Having nothing for a row is no fault and is not listed. */
export function faults(rows: readonly Row[]): string {
  const byReason = new Map<string, string[]>();
  for (const row of rows)
    for (const { peer, outcome } of row.entries) {
      if (outcome.state === "measured" || outcome.state === "none") continue;
      const line = `${peer} ${outcome.state}: ${outcome.reason}`;
      byReason.set(line, [...(byReason.get(line) ?? []), title(row, severalNodes(rows))]);
    }
  return [...byReason].map(([line, where]) => `- ${line} (${where.join("; ")})`).join("\n");
}

export function report({ date, machine, quick, versions, rows }: Results): string {
  const limits = rows.filter(({ entries }) => entries.some(({ origin }) => origin === "machine"));
  const others = rows.filter((row) => !limits.includes(row));
  const shown = [
    `${date}${quick ? ", quick" : ""}: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.system}; load at the start ${machine.loadAtStart.toFixed(2)}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    "Medians ± half the distance between the quartiles. One thread, but where two are named. Every number was verified before it was timed.",
    limitTable(limits),
    summaryTable(others),
    threadTable(others),
    fullTable(others),
    faults(rows),
  ];
  return shown.filter((part) => part !== "").join("\n\n");
}
