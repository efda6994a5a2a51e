import { mapLeaves } from "@kinship/tensor";
import { breather } from "../linear/run-control.js";
import { record } from "../models/encoder.js";
import { advance, ready } from "./advance.js";
import { readCheckpoint, type Snapshot, writeCheckpoint } from "./checkpoint.js";
import { diagnose, type NotFiniteError } from "./diagnose.js";
import { count, endEpoch, observed } from "./history.js";
import { createLastGood } from "./last-good.js";
import type { Trained, TrainOptions } from "./options.js";
import { begin, initialState, type Run } from "./run.js";
import { type Carried, copyOf, type TrainingState } from "./state.js";

/**
 * Trains all tasks of an objective together. The same options give the same bits.
 * @throws InputError for options or data that do not fit; NotFiniteError where a number becomes infinite or not a
 * number; the signal's reason where it is aborted, after a last checkpoint.
 */
export async function train(options: TrainOptions): Promise<Trained> {
  const run = begin(options);
  const { objective, sampler, total, validation, carrier, scalings } = run;
  const bytes = options.resume && new Uint8Array(options.resume);
  const startFrom = (initial: TrainingState): Snapshot =>
    bytes ? readCheckpoint(bytes.slice(), untrained(initial), run.settings()) : untrained(initial);
  const start = startFrom(run.initial);
  const { position } = start;
  let state = carrier.ofRecords(start.state);
  let best: Snapshot["best"] | null = position.best && start.best;
  const between = (after: Carried, step: number) => observed(run, after, position.history, step);
  const lastGood = createLastGood(
    run,
    () => carrier.ofRecords(startFrom(initialState(options)).state),
    position.step,
    between,
  );
  const save = async ({ records }: Carried) =>
    options.checkpoint?.save(
      writeCheckpoint({ state: records, best: best ?? bestOf(records), position }, run.settings()),
    );
  const breathe = breather("training", options);
  const { patience = Number.POSITIVE_INFINITY } = options.earlyStopping ?? {};
  const isTired = () => position.best !== null && position.history.length - position.best.epoch >= patience;
  const named = (values: ArrayLike<number>) => record(objective.tasks, (_, t) => values[t]!);

  while (position.step < total && !isTired()) {
    try {
      const pause = breathe(position.step, total);
      if (pause) {
        await pause;
        lastGood.visit(state, position.step);
      }
    } catch (reason) {
      await save(state);
      throw reason;
    }
    const { stepped, state: after, batch } = advance(run, state, position.step);
    if (!stepped.finite) {
      state = await lastGood.after(position.step);
      await save(state);
      throw failure(run, state, position.step);
    }
    const epoch = Math.floor(position.step / sampler.stepsInEpoch);
    state = after;
    count(position, stepped);
    options.onStep?.({
      step: position.step,
      epoch: epoch + 1,
      losses: named(stepped.losses),
      ...(stepped.weights && { weights: named(stepped.weights) }),
    });
    const isLast = position.step === total;
    if (isLast || position.step % sampler.stepsInEpoch === 0) {
      if (endEpoch(run, position, state, epoch, batch)) best = mapLeaves("train", bestOf(state.records), copyOf);
      state = between(state, position.step);
      options.onEpoch?.(position.history.at(-1)!);
    }
    const { everySteps = sampler.stepsInEpoch } = options.checkpoint ?? {};
    if (options.checkpoint && (isLast || position.step % everySteps === 0)) await save(state);
  }
  options.onProgress?.({ stage: "training", done: total, total });
  const { history, step: steps } = position;
  const goesBack = options.earlyStopping && validation && best;
  const { parameters, layers } = goesBack || state.records;
  const { optimizer } = state.records;
  const kept = goesBack ? position.best!.epoch : history.length;
  const stopped = isTired() ? "early" : "finished";
  return { objective, parameters, layers, optimizer, scalings, history, kept, stopped, steps };
}

const bestOf = ({ parameters, layers }: TrainingState): Snapshot["best"] => ({ parameters, layers });

const untrained = (state: TrainingState): Snapshot => ({
  state,
  best: bestOf(state),
  position: { step: 0, sums: [], counts: [], weightSums: [], history: [], best: null },
});

/** What made a step's numbers infinite or not numbers. */
function failure(run: Run, before: Carried, step: number): NotFiniteError {
  const { objective, scalings } = run;
  const { state, input } = ready(run, before, step);
  const error = diagnose(objective, state.records, input.batch, step, () => run.step(state, input));
  const { parameters, layers } = before.records;
  error.lastGood = { objective, parameters, layers, scalings };
  return error;
}
