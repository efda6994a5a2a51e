import { execFileSync } from "node:child_process";
import { measureCall, measurePeak, type Settings } from "./harness/calls.js";
import { Contestant } from "./harness/contestant.js";
import type { Case, Family, Work } from "./harness/family.js";
import { forkLine, pythonLine } from "./harness/lines.js";
import { describeMachine } from "./harness/machine.js";
import type { AnyPeer } from "./harness/peer.js";
import { measureProgram, nodeRuntime, pythonRuntime } from "./harness/programs.js";
import type { Entry, Results, Row } from "./harness/results.js";
import { summarize } from "./harness/statistics.js";
import { type Limits, limitsFrom, shortestTime } from "./report/limit.js";

export interface Session {
  readonly peers: readonly AnyPeer[];
  readonly families: readonly Family[];
  /** Which cases of a family to run. */
  readonly choose: (family: Family, row: Case) => boolean;
  readonly settings: Settings;
  readonly nodes: readonly string[];
  readonly python: string;
  readonly quick: boolean;
  /** The script that serves a Node peer, the one that serves a Python peer, and the folder that programs run in. */
  readonly places: { readonly child: string; readonly python: string; readonly folder: string };
  /** Called after every row, with how many of all are done. */
  readonly onRow: (results: Results, done: number, count: number) => void | Promise<void>;
  /** Ends the run after the row at hand. */
  readonly signal?: AbortSignal;
}

const versionOfNode = (binary: string): string =>
  execFileSync(binary, ["--version"], { encoding: "utf8" }).trim().replace(/^v/, "");

/**
 * One run: every row, every peer, in turn. A peer that is missing, crashes or is wrong is named and left behind.
 * Ended before its end, it gives the rows that it has.
 */
export async function runSession(session: Session): Promise<Results> {
  const machine = describeMachine();
  const nodes = new Map(session.nodes.map((binary) => [versionOfNode(binary), binary]));
  const contestants = contestantsOf(session, nodes);
  const chosen = session.families.flatMap((family) =>
    family.cases.filter((row) => session.choose(family, row)).map((row) => ({ family, row })),
  );
  const rows: Row[] = [];
  const limits = new Map<string, Limits>();
  const results = (): Results => ({
    date: today(),
    machine,
    quick: session.quick,
    versions: Object.assign({}, ...contestants.map(({ versions }) => versions)),
    rows,
  });
  try {
    for (const [done, { family, row }] of chosen.entries()) {
      if (session.signal?.aborted) break;
      for (const measured of await measureRow(session, family, row, contestants, nodes, limits)) {
        rows.push(measured);
        const known = limitsFrom(rows, measured.node);
        if (known !== undefined) limits.set(measured.node, known);
      }
      await session.onRow(results(), done + 1, chosen.length);
    }
    return results();
  } finally {
    for (const contestant of contestants) contestant.close();
  }
}

const today = (): string => new Date().toISOString().slice(0, 10);

function contestantsOf({ peers, places, python, families }: Session, nodes: ReadonlyMap<string, string>): Contestant[] {
  return peers.flatMap((peer) =>
    "load" in peer
      ? [...nodes].map(
          ([version, binary]) =>
            new Contestant(peer.name, peer.origin, version, () => forkLine(places.child, peer.name, binary)),
        )
      : [
          new Contestant(peer.name, peer.origin, undefined, () =>
            pythonLine(python, places.python, peer.name, families),
          ),
        ],
  );
}

/** One row for each version of Node; the machine's own rows are for the machine alone. */
async function measureRow(
  { peers, places, python, settings }: Session,
  family: Family,
  row: Case,
  contestants: readonly Contestant[],
  nodes: ReadonlyMap<string, string>,
  limits: ReadonlyMap<string, Limits>,
): Promise<Row[]> {
  const isLimit = family.kind === "call" && family.implementations.machine !== undefined;
  const takesPart = (name: string): boolean => {
    const peer = peers.find((one) => one.name === name);
    return !peer || !("only" in peer) || !peer.only || peer.only.includes(`${family.name} ${row.name}`);
  };
  const taking = contestants.filter(({ origin, peer }) => (origin === "machine") === isLimit && takesPart(peer));
  const runtimeOf = ({ node }: Contestant) =>
    node === undefined ? pythonRuntime(python) : nodeRuntime(nodes.get(node)!);
  const entries = await measureEntries();
  const work: Work = family.kind === "call" ? family.work(row.parameters) : {};
  const inBytes = family.kind === "peak" || (family.kind === "program" && family.quantity === "bundle");
  return [...nodes.keys()].flatMap((node): Row[] => {
    const known = isLimit ? undefined : limits.get(node);
    const measured: Row = {
      family: family.name,
      name: row.name,
      node,
      unit: inBytes ? "bytes" : "ns",
      work,
      limit: known && shortestTime(work, known),
      entries: entries.filter((_, i) => taking[i]!.node === undefined || taking[i]!.node === node),
    };
    return family.kind === "call" && family.compiles ? [measured, firstCalls(measured)] : [measured];
  });

  function measureEntries(): Promise<Entry[]> {
    switch (family.kind) {
      case "call":
        return measureCall(family, row, taking, settings);
      case "peak":
        return measurePeak(family, row, taking, settings);
      case "program":
        return measureProgram(family, row, taking, runtimeOf, places.folder, settings);
    }
  }
}

/** What the first call of a row took, compilation and all: a row of its own, once measured. */
function firstCalls(row: Row): Row {
  const entries = row.entries.map(({ peer, origin, outcome }): Entry => {
    if (outcome.state !== "measured" || outcome.firstCall === undefined) return { peer, origin, outcome };
    return { peer, origin, outcome: { ...outcome, summary: summarize([outcome.firstCall]) } };
  });
  return { ...row, family: `first call of ${row.family}`, work: {}, limit: undefined, entries };
}
