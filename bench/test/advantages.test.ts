import { expect, test } from "vitest";
import type { Origin } from "../src/harness/peer.js";
import type { Entry, Row } from "../src/harness/results.js";
import { advantages } from "../src/report/comparison.js";

const entry = (peer: string, origin: Origin, median: number): Entry => ({
  peer,
  origin,
  outcome: {
    state: "measured",
    error: 0,
    summary: { median, lowerQuartile: median, upperQuartile: median, samples: 1 },
  },
});

const row = (name: string, node: string, entries: Entry[]): Row => ({
  family: "product",
  name,
  node,
  unit: "ns",
  work: {},
  limit: undefined,
  entries,
});

test("the chart shows what can be compared under the newest Node, losses first", () => {
  const rows = [
    row("won", "24.1.0", [entry("ours", "ours", 10), entry("peer", "script", 40), entry("native", "native", 5)]),
    row("lost", "24.1.0", [entry("ours", "ours", 30), entry("peer", "script", 10)]),
    row("alone", "24.1.0", [entry("ours", "ours", 30)]),
    row("old", "9.0.0", [entry("ours", "ours", 10), entry("peer", "script", 40)]),
  ];
  expect(advantages({ rows })).toEqual([
    { row: "product lost", peer: "peer", overPeer: 1 / 3, overNative: undefined },
    { row: "product won", peer: "peer", overPeer: 4, overNative: 0.5 },
  ]);
});
