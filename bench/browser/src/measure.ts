import { summarize } from "../../src/harness/statistics.js";
import type { Outputs } from "../../src/harness/values.js";
import { verify } from "../../src/harness/verify.js";
import type { Backend, Prepared, Session } from "./backends/backend.js";
import { javascript } from "./backends/kinship.js";
import type { Problem } from "./kernels/kernel.js";
import type { Outcome, Row } from "./results.js";

export interface Job {
  readonly kernel: string;
  readonly size: string;
  make(): Problem;
}

export interface Plan {
  readonly jobs: readonly Job[];
  readonly backends: readonly Backend[];
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Called with each row whenever there is more to say of it. */
  readonly report: (row: Row) => void;
}

/** Samples are taken in turn, so that what disturbs the machine for a while disturbs all. */
const rounds = 3;
const fewestInRound = 2;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Milliseconds after which a page that computes listens again. */
const patience = 50;

/** Lets the page draw, and listen. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

export async function measure(plan: Plan): Promise<void> {
  const sessions = new Map<Backend, Session | string>();
  try {
    for (const job of plan.jobs) {
      if (plan.signal.aborted) return;
      await measureJob(plan, job, sessions);
    }
  } finally {
    for (const session of sessions.values()) if (typeof session !== "string") await session.close().catch(() => {});
  }
}

/** The backend's session, opened when it is first asked for; or why there is none. */
async function sessionOf(backend: Backend, sessions: Map<Backend, Session | string>): Promise<Session | string> {
  let session = sessions.get(backend);
  if (session === undefined) {
    session = (await backend.missing()) ?? (await backend.open().catch(reasonOf));
    sessions.set(backend, session);
  }
  return session;
}

async function referenceFor(problem: Problem): Promise<Outputs> {
  const evaluator = await (await javascript.open()).prepare(problem);
  return evaluator.check();
}

async function measureJob(plan: Plan, job: Job, sessions: Map<Backend, Session | string>): Promise<void> {
  const problem = job.make();
  const rows = new Map<Backend, Row>();
  const say = (backend: Backend, news: Partial<Row> & { outcome: Outcome }): void => {
    const { kernel, size } = job;
    const row = { kernel, size, backend: backend.name, ...rows.get(backend), ...news };
    rows.set(backend, row);
    plan.report(row);
  };
  for (const backend of plan.backends) say(backend, { outcome: { state: "waiting" } });
  await pause();
  const reference = await referenceFor(problem);
  const right = new Map<Backend, { prepared: Prepared; samples: number[] }>();
  for (const backend of plan.backends) {
    if (plan.signal.aborted) break;
    const session = await sessionOf(backend, sessions);
    if (typeof session === "string") {
      say(backend, { outcome: { state: "missing", reason: session } });
      continue;
    }
    const made = await verified(session, problem, reference, (news) => say(backend, news));
    if (made) right.set(backend, { prepared: made, samples: [] });
    await pause();
  }
  for (let round = 0; round < rounds; round++)
    for (const [backend, { prepared, samples }] of right) {
      if (plan.signal.aborted) break;
      try {
        await sampleFor((plan.seconds * 1000) / rounds, prepared, samples, plan.signal);
        say(backend, { outcome: { state: "measured", milliseconds: summarize(samples) } });
      } catch (error) {
        say(backend, { outcome: { state: "failed", reason: reasonOf(error) } });
        right.delete(backend);
      }
      await pause();
    }
  for (const { prepared } of right.values()) await prepared.close().catch(() => {});
}

/** Compares before anything is timed; what is wrong is let go of. */
async function verified(
  session: Session,
  problem: Problem,
  reference: Outputs,
  say: (news: Partial<Row> & { outcome: Outcome }) => void,
): Promise<Prepared | undefined> {
  let prepared: Prepared | undefined;
  try {
    prepared = await session.prepare(problem);
    const verdict = verify(await prepared.check(), reference, problem.tolerance);
    if (verdict.right) {
      say({ outcome: { state: "right" }, error: verdict.error });
      return prepared;
    }
    say({ outcome: { state: "wrong", reason: verdict.reason } });
  } catch (error) {
    say({ outcome: { state: "failed", reason: reasonOf(error) } });
  }
  await prepared?.close().catch(() => {});
  return undefined;
}

async function sampleFor(
  milliseconds: number,
  prepared: Prepared,
  samples: number[],
  signal: AbortSignal,
): Promise<void> {
  // What is compiled or allocated at the second call is not part of the time.
  if (samples.length === 0) await prepared.sample();
  const end = performance.now() + milliseconds;
  let listened = performance.now();
  for (let taken = 0; (taken < fewestInRound || performance.now() < end) && !signal.aborted; taken++) {
    const start = performance.now();
    await prepared.sample();
    const done = performance.now();
    samples.push((done - start) / prepared.calls);
    if (done - listened < patience) continue;
    await pause();
    listened = performance.now();
  }
}
