import { InputError } from "../errors.js";

/**
 * Weights between tasks from their correlations, [T, T]: row i is the softmax of (row i of `correlation`)/temperature,
 * and says how much each task counts for task i. A low temperature listens to the nearest only, an infinite one to all
 * alike.
 * @throws InputError for a matrix that is not square or not finite, and a temperature that is not > 0
 */
export function correlationWeights(correlation: Float64Array, temperature = 1): Float64Array {
  const tasks = squareSize(correlation, "correlationWeights");
  if (!(temperature > 0)) throw new InputError(`correlationWeights: temperature must be > 0, not ${temperature}`);
  const weights = new Float64Array(correlation.length);
  for (let i = 0; i < tasks; i++) {
    const row = correlation.subarray(i * tasks, (i + 1) * tasks);
    const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const powers = row.map((value) => Math.exp((value - most) / temperature));
    const total = powers.reduce((a, b) => a + b, 0);
    for (let j = 0; j < tasks; j++) weights[i * tasks + j] = powers[j]! / total;
  }
  return weights;
}

/** T of a finite [T, T]. */
export function squareSize(matrix: Float64Array, caller: string): number {
  const tasks = Math.sqrt(matrix.length);
  if (!Number.isInteger(tasks) || tasks === 0) {
    throw new InputError(`${caller}: expected a matrix of tasks, [T, T], found ${matrix.length} numbers`);
  }
  const bad = matrix.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new InputError(`${caller}: entry [${Math.floor(bad / tasks)}, ${bad % tasks}] is ${matrix[bad]}`);
  }
  return tasks;
}
