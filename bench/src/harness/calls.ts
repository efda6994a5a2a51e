import type { Contestant } from "./contestant.js";
import type { CallFamily, Case, PeakFamily } from "./family.js";
import { message } from "./host.js";
import { type Answer, Lost } from "./protocol.js";
import type { Entry, Outcome } from "./results.js";
import { summarize } from "./statistics.js";
import type { Outputs } from "./values.js";
import { verify } from "./verify.js";

export interface Settings {
  /** Times that each peer is asked in turn. */
  readonly rounds: number;
  /** Milliseconds a peer is timed for in each round. */
  readonly milliseconds: number;
  /** The longest a peer may take for one answer, in milliseconds; it is killed and named. */
  readonly timeOut: number;
}

/** Starting a process and importing a library is not the row's doing, and has its own patience, in milliseconds. */
const LOADING = 60_000;

interface Ready {
  readonly contestant: Contestant;
  readonly samples: number[];
  readonly error: number;
  readonly firstCall: number;
  elapsed: number;
  lost?: Outcome;
}

/** Verifies every peer on one row, then times those that were right, in turn, in rounds. */
export async function measureCall(
  family: CallFamily,
  row: Case,
  contestants: readonly Contestant[],
  settings: Settings,
): Promise<Entry[]> {
  const reference = family.reference(family.inputs(row.parameters), row.parameters);
  const outcomes = new Map<Contestant, Outcome>();
  const ready: Ready[] = [];
  for (const contestant of contestants) {
    const first = await enter(contestant, family, row, reference, settings.timeOut);
    if ("state" in first) outcomes.set(contestant, first);
    else ready.push(first);
  }
  for (let round = 0; round < settings.rounds; round++)
    // Each round begins with another peer, so that none always follows the same one.
    for (let turn = 0; turn < ready.length; turn++)
      await measureOnce(ready[(turn + round) % ready.length]!, round === 0, settings);
  for (const entrant of ready) {
    if (entrant.lost === undefined) await letGo(entrant.contestant, settings.timeOut);
    outcomes.set(entrant.contestant, entrant.lost ?? measured(entrant));
  }
  return entriesOf(contestants, outcomes);
}

/** The memory of a fresh process that runs a row many times; the answer is verified here too. */
export async function measurePeak(
  { of, runs }: PeakFamily,
  row: Case,
  contestants: readonly Contestant[],
  { timeOut }: Settings,
): Promise<Entry[]> {
  const reference = of.reference(of.inputs(row.parameters), row.parameters);
  const outcomes = new Map<Contestant, Outcome>();
  for (const contestant of contestants) {
    contestant.close();
    const first = await enter(contestant, of, row, reference, timeOut);
    if ("state" in first) outcomes.set(contestant, first);
    else
      try {
        const answer = await contestant.ask({ type: "peak", runs }, timeOut);
        const samples = answer.type === "peaked" ? [answer.bytes] : [];
        outcomes.set(contestant, samples.length > 0 ? measured({ ...first, samples }) : refusal(answer, contestant));
      } catch (error) {
        outcomes.set(contestant, loss(error));
      }
    contestant.close();
  }
  return entriesOf(contestants, outcomes);
}

export const entriesOf = (contestants: readonly Contestant[], outcomes: ReadonlyMap<Contestant, Outcome>): Entry[] =>
  contestants.map((contestant) => ({
    peer: contestant.peer,
    origin: contestant.origin,
    outcome: outcomes.get(contestant)!,
  }));

async function enter(
  contestant: Contestant,
  family: CallFamily,
  row: Case,
  reference: Outputs,
  timeOut: number,
): Promise<Ready | Outcome> {
  try {
    const loaded = await contestant.load(LOADING);
    if (loaded.type !== "loaded") return refusal(loaded, contestant);
    const answer = await contestant.ask({ type: "prepare", family: family.name, case: row.name }, timeOut);
    if (answer.type !== "prepared") return refusal(answer, contestant);
    const verdict = verify(answer.outputs, reference, family.tolerance(row.parameters));
    if (verdict.right)
      return { contestant, samples: [], error: verdict.error, firstCall: answer.firstCall, elapsed: 0 };
    await contestant.ask({ type: "release" }, timeOut);
    return { state: "wrong", reason: verdict.reason };
  } catch (error) {
    return loss(error);
  }
}

async function measureOnce(
  entrant: Ready,
  warmUp: boolean,
  { rounds, milliseconds, timeOut }: Settings,
): Promise<void> {
  // What takes longer than its whole share has been timed often enough.
  if (entrant.lost !== undefined || entrant.elapsed >= rounds * milliseconds) return;
  const start = performance.now();
  try {
    const answer = await entrant.contestant.ask({ type: "time", milliseconds, warmUp }, timeOut);
    // One by one: a machine may take more samples than a call may have arguments.
    if (answer.type === "timed") for (const sample of Array.from(answer.samples)) entrant.samples.push(sample);
    else entrant.lost = refusal(answer, entrant.contestant);
  } catch (error) {
    entrant.lost = loss(error);
  }
  entrant.elapsed += performance.now() - start - (warmUp ? milliseconds : 0);
}

async function letGo(contestant: Contestant, timeOut: number): Promise<void> {
  // A peer that fails here has been measured; it is restarted for the next row.
  await contestant.ask({ type: "release" }, timeOut).catch(() => contestant.close());
}

const measured = ({ samples, error, firstCall }: Ready): Outcome => ({
  state: "measured",
  summary: summarize(samples),
  error,
  firstCall,
});

function refusal(answer: Answer, contestant: Contestant): Outcome {
  switch (answer.type) {
    case "absent":
      return { state: "absent", reason: answer.reason };
    case "none":
      return { state: contestant.origin === "ours" && !answer.written ? "unstarted" : "none", reason: answer.reason };
    case "failed":
      return { state: "failed", reason: answer.reason };
    default:
      return { state: "failed", reason: `answered ${answer.type}` };
  }
}

const loss = (error: unknown): Outcome =>
  error instanceof Lost ? { state: error.state, reason: error.message } : { state: "failed", reason: message(error) };
