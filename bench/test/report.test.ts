import { expect, test } from "vitest";
import type { Origin } from "../src/harness/peer.js";
import type { Outcome, Row } from "../src/harness/results.js";
import { compare, lossesFirst } from "../src/report/comparison.js";
import { limitsFrom, shortestTime } from "../src/report/limit.js";
import { amount, cell, faults, markdown, report, summaryTable, threadTable } from "../src/report/table.js";

const measured = (median: number): Outcome => ({
  state: "measured",
  error: 0,
  summary: { median, lowerQuartile: median * 0.9, upperQuartile: median * 1.1, samples: 9 },
});

type Sketch = Record<string, number | Exclude<Outcome, { state: "measured" }>>;

const origins: Record<string, Origin> = {
  eager: "ours",
  compiled: "ours",
  numpy: "native",
  machine: "machine",
  "2 threads": "threads",
};

const row = (name: string, sketch: Sketch, more: Partial<Row> = {}): Row => ({
  family: "product",
  name,
  node: "24.0.0",
  unit: "ns",
  work: {},
  limit: undefined,
  entries: Object.entries(sketch).map(([peer, value]) => ({
    peer,
    origin: origins[peer] ?? "script",
    outcome: typeof value === "number" ? measured(value) : value,
  })),
  ...more,
});

test("ours is the faster of ours, and is compared with the fastest peer of scripts and of natives apart", () => {
  const comparison = compare(row("64", { eager: 400, compiled: 200, slow: 900, fast: 100, numpy: 10 }, { limit: 50 }));
  expect(comparison).toMatchObject({
    ours: { peer: "compiled", median: 200 },
    bestPeer: { peer: "fast", median: 100 },
    bestNative: { peer: "numpy", median: 10 },
    ratio: 2,
    nativeRatio: 20,
    share: 0.25,
  });
});

test("several threads are compared with one of ours, and with nobody else", () => {
  const rows = [row("64", { compiled: 300, "2 threads": 150, fast: 200 }), row("63", { compiled: 300, fast: 200 })];
  expect(compare(rows[0]!)).toMatchObject({
    ours: { peer: "compiled" },
    ratio: 1.5,
    threads: { median: 150 },
    speedUp: 2,
  });
  expect(threadTable(rows)).toMatch(/product 64 .*300 ns compiled .*150 ns 2 threads .*2.00×/);
  expect(threadTable(rows)).not.toContain("63");
  expect(threadTable(rows.slice(1))).toBe("");
});

test("a peer that was wrong is never the best", () => {
  const wrong: Outcome = { state: "wrong", reason: "off by 1" };
  expect(compare(row("64", { compiled: 2, cheat: wrong, honest: 4 })).bestPeer).toEqual({ peer: "honest", median: 4 });
});

test("rows where we lose come first, worst first, and then what cannot be compared", () => {
  const rows = [
    row("won", { compiled: 1, peer: 10 }),
    row("lost", { compiled: 20, peer: 10 }),
    row("alone", { compiled: 1 }),
    row("lost badly", { compiled: 90, peer: 10 }),
    row("just won", { compiled: 9, peer: 10 }),
  ];
  expect(lossesFirst(rows).map((comparison) => comparison.row.name)).toEqual([
    "lost badly",
    "lost",
    "alone",
    "just won",
    "won",
  ]);
});

test("each state has its word in the table, and faults are listed with their reason and rows", () => {
  expect(cell({ state: "wrong", reason: "off by 1" }, "ns")).toBe("WRONG");
  expect(cell({ state: "unstarted", reason: "" }, "ns")).toBe("not yet");
  expect(cell(undefined, "ns")).toBe("–");
  expect(cell(measured(1500), "ns")).toBe("1.50 µs ±10%");
  const crashed: Outcome = { state: "crashed", reason: "signal SIGSEGV" };
  const none: Outcome = { state: "none", reason: "has no float64" };
  const rows = [row("64", { peer: crashed, other: none }), row("128", { peer: crashed })];
  expect(faults(rows)).toBe("- peer crashed: signal SIGSEGV (product 64; product 128)");
});

test("amounts have three digits and the largest unit below them", () => {
  expect(amount(0.5, "ns")).toBe("0.500 ns");
  expect(amount(12, "ns")).toBe("12.0 ns");
  expect(amount(1234, "ns")).toBe("1.23 µs");
  expect(amount(123_456_789, "ns")).toBe("123 ms");
  expect(amount(2.5e9, "ns")).toBe("2.50 s");
  expect(amount(1536, "bytes")).toBe("1.50 KiB");
});

test("columns are as wide as their widest cell, in characters", () => {
  expect(
    markdown(
      ["a", "b"],
      [
        ["10⁶", "µs"],
        ["x", "12345"],
      ],
    ),
  ).toBe(["| a   | b     |", "| --- | ----- |", "| 10⁶ | µs    |", "| x   | 12345 |"].join("\n"));
});

test("rows of several versions of Node are told apart", () => {
  const rows = ["20.0.0", "24.0.0"].map((node) => row("64", { compiled: 1, peer: 2 }, { node }));
  expect(summaryTable(rows)).toContain("product 64 · Node 20.0.0");
  expect(summaryTable(rows.slice(0, 1))).not.toContain("Node");
});

const limitRow = (name: string, median: number, work: Row["work"]) =>
  row(name, { machine: median }, { family: "limit", work });

const limitRows = [
  limitRow("plain", 100, { flops: 2000, dtype: "float32" }),
  limitRow("fused", 100, { flops: 4000, dtype: "float32" }),
  limitRow("double", 100, { flops: 1000, dtype: "float64" }),
  limitRow("copy small", 10, { bytes: 1000 }),
  limitRow("triad small", 5, { bytes: 1000 }),
  limitRow("copy large", 1000, { bytes: 10_000 }),
];

test("limits are the best that the machine did, and a row is held against the dearer of work and memory", () => {
  const limits = limitsFrom(limitRows, "24.0.0")!;
  expect(limits).toEqual({
    flops: { float32: 40, float64: 10 },
    bandwidth: [
      { bytes: 1000, rate: 200 },
      { bytes: 10_000, rate: 10 },
    ],
  });
  expect(shortestTime({ flops: 400, bytes: 200 }, limits)).toBe(10);
  expect(shortestTime({ flops: 400, bytes: 200, dtype: "float64" }, limits)).toBe(40);
  expect(shortestTime({ flops: 4, bytes: 1001 }, limits)).toBeCloseTo(100.1, 9);
  // Beyond the largest size measured, the largest stands for it.
  expect(shortestTime({ bytes: 50_000 }, limits)).toBe(5000);
  expect(shortestTime({}, limits)).toBeUndefined();
  expect(limitsFrom(limitRows.slice(0, 2), "24.0.0")).toBeUndefined();
  expect(limitsFrom(limitRows, "20.0.0")).toBeUndefined();
});

test("a report names the machine, the versions and the limits", () => {
  const text = report({
    date: "2026-01-02",
    machine: { processor: "A Processor", cores: 2, memoryGigabytes: 8, system: "linux x64", loadAtStart: 0.1 },
    quick: true,
    versions: { "a-peer": "1.2.3" },
    rows: [...limitRows, row("64", { compiled: 1, peer: 2 })],
  });
  expect(text).toContain("2026-01-02, quick: A Processor, 2 cores, 8 GB, linux x64; load at the start 0.10");
  expect(text).toContain("a-peer 1.2.3");
  expect(text).toContain("| limit fused          | 40.0 GFLOP/s ±10% |");
  expect(text).toContain("0.500×");
});
