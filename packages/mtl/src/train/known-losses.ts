import { type Structure, type Tensor, tensor } from "@kinship/tensor";
import type { Balancer } from "../balance/balancer.js";
import type { Batch } from "../objective/objective.js";

/** NaN for each task that has no label in the batch: its loss is 0 for want of rows, and not known. */
export function knownLosses(losses: Float64Array, tasks: readonly string[], batch: Batch): Float64Array {
  const isLabelled = (task: string) =>
    batch.some(({ targets }) => targets[task]?.mask.data.some((value) => value !== 0) ?? false);
  const known = tasks.map(isLabelled);
  return known.every((is) => is) ? losses : losses.map((loss, t) => (known[t] ? loss : Number.NaN));
}

/** A balancer's state, and the losses that it was last told. */
export type BalanceState = {
  readonly method: Structure;
  /** [tasks]; NaN before any. */
  readonly told: Tensor;
};

export function startBalance(balancer: Balancer, tasks: number, shared: Structure): BalanceState {
  // Spelled out: the compiler gives up on the union of all the methods' states.
  const method = balancer as { start(tasks: number, shared: Structure): Structure };
  return { method: method.start(tasks, shared), told: tensor(new Float64Array(tasks).fill(Number.NaN)) };
}

/**
 * What a balancer is told where a loss is not known: the task's loss of before, and before there was one the mean of
 * the others'. A 0 would look like a task that is done.
 */
export function toldLosses(losses: Float64Array, before: Tensor): Float64Array {
  const found = losses.filter((loss) => !Number.isNaN(loss));
  const mean = found.length > 0 ? found.reduce((a, b) => a + b, 0) / found.length : 1;
  const old = before.toTypedArray();
  return losses.map((loss, t) => (!Number.isNaN(loss) ? loss : Number.isNaN(old[t]) ? mean : old[t]!));
}
