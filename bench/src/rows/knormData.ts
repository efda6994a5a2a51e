import { type Inputs, randomSource, uniform, type Values } from "../harness/values.js";

/** Sizes of the School data: 139 schools, 28 columns, between 22 and 198 rows each, about 110. */
export type KNorm = {
  tasks: number;
  features: number;
  fewest: number;
  most: number;
  lambda: number;
  shrinkage: number;
};

export const SCHOOL: KNorm = { tasks: 139, features: 28, fewest: 22, most: 198, lambda: 4, shrinkage: 1 };

/** Rows of each task. */
export function rowCounts({ tasks, fewest, most }: KNorm): Int32Array {
  const random = randomSource(7);
  return Int32Array.from({ length: tasks }, () => fewest + Math.floor(random() * (most - fewest + 1)));
}

/** Rows that a task does not have are zeros, with a target of zero: they add nothing to any sum. */
function padded(values: Values, counts: Int32Array, most: number): Values {
  const data = values.data.slice();
  const width = data.length / counts.length / most;
  for (const [task, count] of counts.entries()) data.fill(0, (task * most + count) * width, (task + 1) * most * width);
  return { data, shape: values.shape };
}

/** x: [tasks, most, features], y: [tasks, most, 1], counts: [tasks]. */
export function rowsOf(parameters: KNorm, dtype: "float32" | "float64"): Inputs {
  const { tasks, features, most } = parameters;
  const counts = rowCounts(parameters);
  return {
    x: padded(uniform([tasks, most, features], 1, 1, dtype), counts, most),
    y: padded(uniform([tasks, most, 1], 2, 4, dtype), counts, most),
    counts: { data: counts, shape: [tasks] },
  };
}

/** K of tasks pulled to their mean: I − 11ᵀ / (T + μ). */
export function meanK({ tasks, shrinkage }: KNorm): Values {
  const data = new Float32Array(tasks * tasks).fill(-1 / (tasks + shrinkage));
  for (let t = 0; t < tasks; t++) data[t * tasks + t]! += 1;
  return { data, shape: [tasks, tasks] };
}

/** XᵀX of each task: [tasks, features, features]. */
export function grams({ x }: Inputs, { tasks, features, most }: KNorm): Float64Array {
  const result = new Float64Array(tasks * features * features);
  for (let row = 0; row < tasks * most; row++) {
    const base = Math.floor(row / most) * features * features;
    for (let i = 0; i < features; i++) {
      const value = x!.data[row * features + i]!;
      if (value === 0) continue;
      for (let j = 0; j < features; j++) result[base + i * features + j]! += value * x!.data[row * features + j]!;
    }
  }
  return result;
}

/** Xᵀy of each task: [tasks, features]. */
export function moments({ x, y }: Inputs, { tasks, features, most }: KNorm): Float64Array {
  const result = new Float64Array(tasks * features);
  for (let row = 0; row < tasks * most; row++) {
    const base = Math.floor(row / most) * features;
    for (let i = 0; i < features; i++) result[base + i]! += x!.data[row * features + i]! * y!.data[row]!;
  }
  return result;
}

/** A_t w_t of each task, for the blocks A of `grams`. */
export function blockProduct(blocks: ArrayLike<number>, w: ArrayLike<number>, features: number): Float64Array {
  return Float64Array.from({ length: w.length }, (_, at) => {
    const task = Math.floor(at / features);
    let sum = 0;
    for (let j = 0; j < features; j++) sum += blocks[at * features + j]! * w[task * features + j]!;
    return sum;
  });
}
