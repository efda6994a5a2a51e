import { matrixOf } from "../data/arrays.js";
import type { MatrixLike } from "../data/tasks.js";
import { InputError } from "../errors.js";

export type CorrelationMeasure = "pearson" | "cosine" | "covariance" | "dot";

/**
 * How tasks correlate by vectors that describe them (weights, gradients, mean features, predictions, residuals,
 * descriptors): `vectors` is [T, n], a row a task. The [T, T] average over the n components of the outer products of
 * their columns, after each task's vector was
 * - "pearson" (unless given): centred on its own mean and scaled to variance 1,
 * - "cosine": scaled to mean square 1,
 * - "covariance": centred, "dot": left as it is.
 * Symmetric and positive semi-definite. A vector that does not vary (pearson) or is zero (cosine) correlates 0 with
 * the others and 1 with itself.
 * @throws InputError for no task, no component, and a value that is not finite (with its task and place)
 */
export function outerCorrelation(vectors: MatrixLike, measure: CorrelationMeasure = "pearson"): Float64Array {
  const { data, rows, columns } = finiteRows(vectors, "outerCorrelation");
  const scaled = measure === "pearson" || measure === "cosine";
  if (measure === "pearson" || measure === "covariance") centreRows(data, rows, columns);
  if (scaled) scaleRows(data, rows, columns);
  const out = new Float64Array(rows * rows);
  for (let a = 0; a < rows; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += data[a * columns + k]! * data[b * columns + k]!;
      const value = scaled ? (a === b ? 1 : Math.min(1, Math.max(-1, sum))) : sum / columns;
      out[a * rows + b] = value;
      out[b * rows + a] = value;
    }
  }
  return out;
}

/** A copy. @throws InputError for no row, no column, a value that is not finite */
export function finiteRows(vectors: MatrixLike, caller: string) {
  const matrix = matrixOf(vectors, `${caller}: the vectors`);
  const { data, rows, columns } = matrix;
  if (rows === 0 || columns === 0) {
    throw new InputError(`${caller}: expected one vector a task, [tasks, components], found [${rows}, ${columns}]`);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new InputError(
      `${caller}: vector ${Math.floor(bad / columns) + 1} holds ${data[bad]} at place ${(bad % columns) + 1}`,
    );
  }
  return matrix;
}

function centreRows(data: Float64Array, rows: number, columns: number): void {
  for (let a = 0; a < rows; a++) {
    const row = data.subarray(a * columns, (a + 1) * columns);
    const mean = row.reduce((sum, value) => sum + value / columns, 0);
    const size = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let k = 0; k < columns; k++) {
      const centred = row[k]! - mean;
      // What is left of a constant is rounding.
      row[k] = Math.abs(centred) <= 8 * Number.EPSILON * size ? 0 : centred;
    }
  }
}

/** To length 1; by the largest entry first, so that no square leaves float64's range. */
function scaleRows(data: Float64Array, rows: number, columns: number): void {
  for (let a = 0; a < rows; a++) {
    const row = data.subarray(a * columns, (a + 1) * columns);
    const size = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (size === 0) continue;
    for (let k = 0; k < columns; k++) row[k] = row[k]! / size;
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let k = 0; k < columns; k++) row[k] = row[k]! / length;
  }
}
