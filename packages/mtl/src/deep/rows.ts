import type { Tensor } from "@kinship/tensor";
import { createRandom, shuffle } from "../data/random.js";
import { InputError } from "../errors.js";
import { type Dataset, takeRows } from "../train/data.js";

/** A part of each task's rows; tasks that share their rows still do. `choose` is asked once for each set of rows. */
export function chooseRows(data: Dataset, choose: (rows: number, group: number) => ArrayLike<number>): Dataset {
  const groups = new Map<Tensor, { readonly rows: ArrayLike<number>; readonly x: Tensor }>();
  return Object.fromEntries(
    Object.entries(data).map(([task, { x, y }]) => {
      let group = groups.get(x);
      if (!group) {
        const rows = choose(x.shape[0]!, groups.size);
        group = { rows, x: takeRows(x, rows) };
        groups.set(x, group);
      }
      return [task, y ? { x: group.x, y: takeRows(y, group.rows) } : { x: group.x }];
    }),
  );
}

/** Draws the share of each set of rows to test on. The same seed gives the same rows. */
export function splitRows(
  data: Dataset,
  { test, seed = 0 }: { readonly test: number; readonly seed?: number },
): { readonly train: Dataset; readonly test: Dataset } {
  if (!(test > 0 && test < 1)) throw new InputError(`splitRows: test must be a share in (0, 1), not ${test}`);
  const cut = (rows: number, group: number) => {
    const order = Int32Array.from({ length: rows }, (_, k) => k);
    shuffle(order, createRandom(seed + group));
    const held = Math.min(rows - 1, Math.max(1, Math.round(test * rows)));
    return { train: order.subarray(held).slice().sort(), test: order.subarray(0, held).slice().sort() };
  };
  return { train: chooseRows(data, (n, g) => cut(n, g).train), test: chooseRows(data, (n, g) => cut(n, g).test) };
}

/** The training and validation rows of each fold. */
export function foldRows(
  data: Dataset,
  { folds, seed = 0 }: { readonly folds: number; readonly seed?: number },
): { readonly train: Dataset; readonly validation: Dataset }[] {
  if (!Number.isInteger(folds) || folds < 2)
    throw new InputError(`foldRows: needs a whole number of folds from 2 on, not ${folds}`);
  const foldOf = (rows: number, group: number): Int32Array => {
    if (rows < folds) throw new InputError(`foldRows: ${rows} rows cannot be spread over ${folds} folds`);
    const assigned = Int32Array.from({ length: rows }, (_, k) => k % folds);
    shuffle(assigned, createRandom(seed + group));
    return assigned;
  };
  const where = (keep: (fold: number) => boolean) =>
    chooseRows(data, (rows, group) => {
      const assigned = foldOf(rows, group);
      return Int32Array.from({ length: rows }, (_, k) => k).filter((k) => keep(assigned[k]!));
    });
  return Array.from({ length: folds }, (_, fold) => ({
    train: where((f) => f !== fold),
    validation: where((f) => f === fold),
  }));
}
