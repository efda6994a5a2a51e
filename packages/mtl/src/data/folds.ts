import { InputError } from "../errors.js";
import { createRandom, shuffle } from "./random.js";

/**
 * The fold of each row of each task, drawn within tasks so that every task is spread over the folds as
 * evenly as can be; a task with fewer rows than folds starts at a fold drawn for it, so that no fold is favoured.
 */
export function foldsWithinTasks(sizes: readonly number[], folds: number, seed: number): Int32Array[] {
  if (!Number.isInteger(folds) || folds < 2) {
    throw new InputError(`foldsWithinTasks: needs a whole number of folds from 2 on, not ${folds}`);
  }
  const random = createRandom(seed);
  return sizes.map((size) => {
    const start = Math.floor(random() * folds);
    const assigned = Int32Array.from({ length: size }, (_, row) => (row + start) % folds);
    shuffle(assigned, random);
    return assigned;
  });
}

export function requireRepeats(repeats: number): void {
  if (Number.isInteger(repeats) && repeats >= 1) return;
  throw new InputError(`cross-validation: repeats must be a whole number from 1 on, not ${repeats}`);
}
