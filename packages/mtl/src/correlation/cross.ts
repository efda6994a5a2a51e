import { vectorOf } from "../data/arrays.js";
import type { MatrixLike, VectorLike } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { finiteRows } from "./outer.js";

export interface CrossCorrelation {
  /** |v × w| of each two tasks, [T, T]: the area of the parallelogram that their vectors span; 0 for kin and opposites. */
  readonly areas: Float64Array;
  /** sin² of the angle between them, area² / (|v|² |w|²), [T, T]; 0 beside a vector that is zero. */
  readonly sines: Float64Array;
}

/**
 * How far apart tasks point, by vectors that describe them, [T, n] with a row a task: the norm of the wedge product,
 * |v ∧ w|² = |v|² |w|² − ⟨v, w⟩² (Lagrange's identity), in any dimension. Computed as |v|² times the squared distance of
 * w from the line through v, so that nearly parallel vectors lose no digits.
 * @throws InputError as `outerCorrelation` does
 */
export function crossCorrelation(vectors: MatrixLike): CrossCorrelation {
  const { data, rows, columns } = finiteRows(vectors, "crossCorrelation");
  const areas = new Float64Array(rows * rows);
  const sines = new Float64Array(rows * rows);
  const lengths = Float64Array.from({ length: rows }, (_, t) =>
    Math.hypot(...data.subarray(t * columns, (t + 1) * columns)),
  );
  const unit = data.map((value, at) => value / (lengths[Math.floor(at / columns)]! || 1));
  for (let a = 0; a < rows; a++) {
    for (let b = 0; b < a; b++) {
      let cosine = 0;
      for (let k = 0; k < columns; k++) cosine += unit[a * columns + k]! * unit[b * columns + k]!;
      let squares = 0;
      for (let k = 0; k < columns; k++) {
        squares += (unit[b * columns + k]! - cosine * unit[a * columns + k]!) ** 2;
      }
      const apart = lengths[a] === 0 || lengths[b] === 0 ? 0 : Math.min(1, squares);
      for (const at of [a * rows + b, b * rows + a]) {
        sines[at] = apart;
        areas[at] = lengths[a]! * lengths[b]! * Math.sqrt(apart);
      }
    }
  }
  return { areas, sines };
}

/** v × w in three dimensions: its direction is normal to both, its length the area that they span. */
export function crossProduct(v: VectorLike, w: VectorLike): Float64Array {
  const [a, b] = [vectorOf(v, "crossProduct: v"), vectorOf(w, "crossProduct: w")];
  if (a.length !== 3 || b.length !== 3) {
    throw new InputError(
      `crossProduct: expected two vectors of 3 numbers, found ${a.length} and ${b.length}; crossCorrelation gives the area in any dimension`,
    );
  }
  const component = (i: number, j: number) => a[i]! * b[j]! - a[j]! * b[i]!;
  return Float64Array.of(component(1, 2), component(2, 0), component(0, 1));
}
