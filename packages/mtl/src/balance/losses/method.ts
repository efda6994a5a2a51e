import { InputError } from "../../errors.js";

/** @throws InputError that names the task whose loss is not finite, or (where asked) not positive. */
export function checkLosses(name: string, losses: ArrayLike<number>, positive = false): Float64Array {
  const own = Float64Array.from(losses);
  if (own.length === 0) throw new InputError(`${name}: expected one loss a task, found none`);
  own.forEach((loss, task) => {
    if (!Number.isFinite(loss)) throw new InputError(`${name}: the loss of task ${task} is ${loss}`);
    if (positive && !(loss > 0))
      throw new InputError(`${name}: the loss of task ${task} is ${loss}; this method is for positive losses`);
  });
  return own;
}

/** @throws InputError where there is not one weight a task. */
export function checkCount(name: string, what: string, found: number, tasks: number): void {
  if (found !== tasks) throw new InputError(`${name}: found ${found} ${what} for ${tasks} tasks`);
}

/** Σ w_i L_i. */
export const weightedSum = (weights: Float64Array, losses: Float64Array): number =>
  weights.reduce((total, weight, i) => total + weight * losses[i]!, 0);

/** exp(x_i) / Σ exp(x_j), without overflow. */
export function softmaxOf(x: Float64Array): Float64Array {
  const largest = x.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = x.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}
