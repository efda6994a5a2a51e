import { Bench } from "tinybench";
import type { Prepared } from "./family.js";

/** Long enough that reading the clock twice (some 100 ns) is no part of the result. */
const SAMPLE_MILLISECONDS = 0.05;

/** Held here so that an engine cannot prove a result unused. */
const sink: { kept: unknown } = { kept: undefined };

/** Calls that fill one sample, found by doubling from the time of a single call. */
async function callsPerSample(prepared: Prepared, single: number): Promise<number> {
  let elapsed = single;
  let calls = 1;
  while (elapsed < SAMPLE_MILLISECONDS) {
    calls *= 2;
    elapsed = await repeat(prepared, calls);
  }
  return Math.max(1, Math.round((calls * SAMPLE_MILLISECONDS) / elapsed));
}

function repeatNow(prepared: Prepared, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) sink.kept = prepared.run();
  return performance.now() - start;
}

async function repeat(prepared: Prepared, calls: number): Promise<number> {
  if (!prepared.asynchronous) return repeatNow(prepared, calls);
  const start = performance.now();
  for (let i = 0; i < calls; i++) sink.kept = await prepared.run();
  return performance.now() - start;
}

/** Times `run` for about so many milliseconds, at least once. Nanoseconds of one call, a sample each. */
export async function time(prepared: Prepared, milliseconds: number, warmUp: boolean): Promise<Float64Array> {
  globalThis.gc?.();
  const single = await repeat(prepared, 1);
  if (single >= milliseconds) return Float64Array.of(single * 1e6);
  const calls = await callsPerSample(prepared, single);
  const bench = new Bench({
    time: milliseconds,
    iterations: 1,
    warmup: warmUp,
    warmupTime: milliseconds,
    warmupIterations: 1,
    retainSamples: true,
    throws: true,
  });
  const sample = (elapsed: number) => ({ overriddenDuration: elapsed / calls, overriddenIterationCost: elapsed });
  if (prepared.asynchronous) bench.add("run", async () => sample(await repeat(prepared, calls)), { async: true });
  else bench.add("run", () => sample(repeatNow(prepared, calls)), { async: false });
  const [task] = await bench.run();
  const result = task!.result;
  if (result.state !== "completed") throw new Error(`timing ended ${result.state}`);
  sink.kept = undefined;
  return Float64Array.from(result.latency.samples ?? [], (duration) => duration * 1e6);
}
