import { record } from "../models/encoder.js";
import type { Batch } from "../objective/objective.js";
import type { EpochRecord, Position } from "./progress.js";
import type { Run } from "./run.js";
import type { Carried } from "./state.js";
import type { Stepped } from "./step.js";
import { validate } from "./validation.js";

/** Adds a step that was taken to the sums of its epoch. */
export function count(position: Position, { losses, weights }: Stepped): void {
  position.step++;
  addTo(position.sums, losses, position.counts);
  if (weights) addTo(position.weightSums, weights);
}

/** Sums and counts of the values that are known. */
function addTo(sums: number[], values: ArrayLike<number>, counts: number[] = []): void {
  for (let t = 0; t < values.length; t++) {
    const isKnown = !Number.isNaN(values[t]);
    sums[t] = (sums[t] ?? 0) + (isKnown ? values[t]! : 0);
    counts[t] = (counts[t] ?? 0) + (isKnown ? 1 : 0);
  }
}

/** What the optimizer makes of an epoch that ended with so many steps: of its loss on the rows that validate, or train. */
export function observed(
  { objective, optimizer, carrier, sampler, total }: Run,
  state: Carried,
  history: readonly EpochRecord[],
  step: number,
): Carried {
  if (!optimizer.observe || (step < total && step % sampler.stepsInEpoch !== 0)) return state;
  const { validation, losses } = history[Math.ceil(step / sampler.stepsInEpoch) - 1]!;
  const known = (task: string) => (Number.isNaN(losses[task]) ? 0 : losses[task]!);
  const trained = objective.tasks.reduce((sum, task, t) => sum + objective.weights.get(t) * known(task), 0);
  const { records } = state;
  const loss = validation?.total ?? trained;
  return carrier.ofRecords({ ...records, optimizer: optimizer.observe(records.optimizer, loss) });
}

/** Adds the epoch to the history. Whether it is the best so far by validation. */
export function endEpoch(
  { objective, sampler, validation, forward, probe, active: activeIn }: Run,
  position: Position,
  state: Carried,
  epoch: number,
  batch: Batch,
): boolean {
  const active = activeIn(epoch);
  const steps = position.step - epoch * sampler.stepsInEpoch;
  const means = (sums: readonly number[], count: (t: number) => number) =>
    record(objective.tasks, (_, t) => sums[t]! / count(t));
  const found =
    validation && validate(objective, state.records.parameters, state.records.layers, validation, active, forward);
  position.history.push({
    ...{ epoch: epoch + 1, step: position.step, losses: means(position.sums, (t) => position.counts[t]!) },
    ...(found && { validation: found }),
    ...(position.weightSums.length > 0 && { weights: means(position.weightSums, () => steps) }),
    ...(probe && { gradients: probe(state.records, batch) }),
  });
  position.sums = [];
  position.counts = [];
  position.weightSums = [];
  // Totals before all tasks count are not comparable with those after.
  if (!found || active.some((value) => value !== 1)) return false;
  if (!(found.total < (position.best?.total ?? Number.POSITIVE_INFINITY))) return false;
  position.best = { epoch: epoch + 1, total: found.total };
  return true;
}
