import path from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { measureCall, measurePeak, type Settings } from "../src/harness/calls.js";
import { Contestant } from "../src/harness/contestant.js";
import { peakFamily } from "../src/harness/family.js";
import { forkLine, pythonLine } from "../src/harness/lines.js";
import type { Origin } from "../src/harness/peer.js";
import { doubling } from "./fakes/rows.js";

const fakes = path.join(import.meta.dirname, "fakes");
const settings: Settings = { rounds: 2, milliseconds: 5, timeOut: 60_000 };

// Many processes start here, perhaps on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const started: Contestant[] = [];

function fake(name: string, origin: Origin = "script"): Contestant {
  const line = () => forkLine(path.join(fakes, "child.js"), name, process.execPath);
  const contestant = new Contestant(name, origin, process.versions.node, line);
  started.push(contestant);
  return contestant;
}

afterEach(() => {
  for (const contestant of started.splice(0)) contestant.close();
});

const measure = async (contestants: Contestant[], row = 0) => {
  const entries = await measureCall(doubling, doubling.cases[row]!, contestants, settings);
  return new Map(entries.map(({ peer, outcome }) => [peer, outcome]));
};

test("each misbehaving peer is named as what it did, and the right ones are measured beside it", async () => {
  const names = ["right", "wrong", "infinite", "throwing", "crashing", "exiting", "missing", "idle"];
  const outcomes = await measure([...names.map((name) => fake(name)), fake("ours", "ours")]);
  expect([...outcomes].map(([name, { state }]) => [name, state])).toEqual([
    ["right", "measured"],
    ["wrong", "wrong"],
    ["infinite", "wrong"],
    ["throwing", "failed"],
    ["crashing", "crashed"],
    ["exiting", "crashed"],
    ["missing", "absent"],
    ["idle", "none"],
    ["ours", "measured"],
  ]);
  expect(outcomes.get("missing")).toMatchObject({ reason: "Cannot find package 'a-package-that-nobody-installed'" });
  expect(outcomes.get("wrong")).toMatchObject({ reason: "off by 1.7e-1, allowed 1.0e-6" });
  expect(outcomes.get("infinite")).toMatchObject({ reason: "output 0 holds NaN at 0, expected 2" });
  expect(outcomes.get("throwing")).toMatchObject({ reason: "cannot double" });
  expect(outcomes.get("crashing")).toMatchObject({ reason: "signal SIGKILL" });
  expect(outcomes.get("exiting")).toMatchObject({ reason: "exit code 3" });
});

test("a peer that hangs is killed when its time is up, and is there again for the next row", async () => {
  const [right, hanging] = [fake("right"), fake("hanging")];
  const impatient = { ...settings, timeOut: 3000 };
  const first = await measureCall(doubling, doubling.cases[0]!, [hanging, right], impatient);
  expect(first.map(({ outcome }) => outcome.state)).toEqual(["timed out", "measured"]);
  expect(first[0]!.outcome).toMatchObject({ reason: "no answer in 3 s" });
  const second = await measureCall(doubling, doubling.cases[1]!, [hanging, right], impatient);
  expect(second.map(({ outcome }) => outcome.state)).toEqual(["measured", "measured"]);
});

test("a peer that crashed is started again for the next row", async () => {
  const crashing = fake("crashing");
  expect((await measure([crashing], 0)).get("crashing")).toMatchObject({ state: "crashed" });
  expect((await measure([crashing], 1)).get("crashing")).toMatchObject({ state: "measured" });
});

test("what is ours and not written is said to be so", async () => {
  expect((await measure([fake("idle", "ours")])).get("idle")).toMatchObject({ state: "unstarted" });
});

test("what a library of ours cannot do is not said to be unwritten", async () => {
  const outcome = (await measure([fake("lacking", "ours")])).get("lacking");
  expect(outcome).toEqual({ state: "none", reason: "knows no doubling" });
});

test("what is measured carries quartiles, how far it was from the reference and its first call", async () => {
  const outcome = (await measure([fake("right")])).get("right")!;
  if (outcome.state !== "measured") throw new Error(outcome.reason);
  const { lowerQuartile, median, upperQuartile, samples } = outcome.summary;
  expect(lowerQuartile).toBeGreaterThan(0);
  expect(lowerQuartile).toBeLessThanOrEqual(median);
  expect(median).toBeLessThanOrEqual(upperQuartile);
  expect(samples).toBeGreaterThan(0);
  expect(outcome.error).toBe(0);
  expect(outcome.firstCall).toBeGreaterThan(0);
});

test("a peak of memory is that of a fresh process, and only of an answer that is right", async () => {
  const peak = peakFamily(doubling, ["3"], 10);
  const entries = await measurePeak(peak, peak.cases[0]!, [fake("right"), fake("wrong"), fake("crashing")], settings);
  expect(entries.map(({ outcome }) => outcome.state)).toEqual(["measured", "wrong", "crashed"]);
  const [right] = entries;
  if (right!.outcome.state !== "measured") throw new Error(right!.outcome.reason);
  // Node alone takes some 40 MB; what it held is not what this process holds.
  expect(right!.outcome.summary.median).toBeGreaterThan(2 ** 24);
});

test("a peer in another language is sent its inputs and answers a line each", async () => {
  const line = () => pythonLine(process.execPath, path.join(fakes, "foreign.js"), "foreign", [doubling]);
  const foreign = new Contestant("foreign", "native", undefined, line);
  started.push(foreign);
  expect((await measure([foreign])).get("foreign")).toEqual({
    state: "measured",
    error: 0,
    firstCall: 1,
    summary: { median: 200, lowerQuartile: 125, upperQuartile: 275, samples: 6 },
  });
  expect(foreign.versions).toEqual({ foreign: "1.0" });
});

test("a language that is not installed is an absent peer, not the end of the run", async () => {
  const line = () => pythonLine(path.join(fakes, "no-such-binary"), "peer.py", "foreign", [doubling]);
  const foreign = new Contestant("foreign", "native", undefined, line);
  started.push(foreign);
  const outcomes = await measure([foreign, fake("right")]);
  expect([...outcomes.values()].map(({ state }) => state)).toEqual(["absent", "measured"]);
});
