import { add, div, equal, mul, sum, type Tensor, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import type { Floating, Shape } from "../layers/layer.js";
import { show } from "../layers/layer.js";
import type { Target } from "./kind.js";

/** Σ weights · values / Σ weights, and 0 (with no gradient) where no weight is positive. */
export function weightedMean(values: Tensor, weights: Tensor): Tensor {
  const total = sum(weights);
  return div(sum(mul(weights, values)), add(total, equal(total, 0)));
}

/** Labels without the missing ones, which are marked in the mask; where masked the value is `filler`. */
export function maskMissing(labels: Tensor, shape: Shape, filler: number, dtype: Floating): Target {
  const filled = Float64Array.from(labels.toTypedArray());
  const known = filled.map((value) => (Number.isNaN(value) ? 0 : 1));
  for (let k = 0; k < filled.length; k++) if (known[k] === 0) filled[k] = filler;
  return { target: tensor(filled, { shape, dtype }), mask: tensor(known, { shape, dtype }) };
}

/** @throws InputError that names the task and the row of a label that is none of the numbers from 0 to `classes` − 1. */
export function requireClasses(task: string, labels: Tensor, classes: number): void {
  requireVector(task, labels);
  labels.toTypedArray().forEach((label, row) => {
    if (!Number.isNaN(label) && !(Number.isInteger(label) && label >= 0 && label < classes))
      throw new InputError(
        `task "${task}", row ${row}: the label is ${label}, expected a whole number from 0 to ${classes - 1}, or NaN where it is missing`,
      );
  });
}

function requireVector(task: string, labels: Tensor): void {
  if (labels.dimension !== 1)
    throw new InputError(`task "${task}": labels must be [rows], found shape ${show(labels.shape)}`);
}

export function requireSome(task: string, labels: Tensor): void {
  if (labels.toTypedArray().every((label) => Number.isNaN(label)))
    throw new InputError(`task "${task}" has no label in any training row; leave it out`);
}
