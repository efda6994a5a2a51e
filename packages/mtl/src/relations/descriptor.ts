import { vectorOf } from "../data/arrays.js";
import type { VectorLike } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { covarianceKinship, invertDefinite, renamed, rowsOf } from "./covariance.js";
import type { KinshipBuilder } from "./kinship.js";

/** How alike two tasks are by their descriptors; positive semi-definite. */
export type DescriptorKernel = (a: ArrayLike<number>, b: ArrayLike<number>) => number;

/** 1 + ⟨a, b⟩: weights are an affine function of the descriptor. */
export const linearKernel: DescriptorKernel = (a, b) => {
  let product = 1;
  for (let k = 0; k < a.length; k++) product += a[k]! * b[k]!;
  return product;
};

/** exp(−‖a − b‖² / (2 width²)). @throws InputError for a width that is not > 0 */
export function gaussianKernel(width: number): DescriptorKernel {
  if (!(width > 0 && Number.isFinite(width))) {
    throw new InputError(`gaussianKernel: the width must be a finite number > 0, not ${width}`);
  }
  return (a, b) => {
    let squares = 0;
    for (let k = 0; k < a.length; k++) squares += ((a[k]! - b[k]!) / width) ** 2;
    return Math.exp(-squares / 2);
  };
}

export interface DescriptorOptions {
  /** What describes each task, numbers of one count and of about one size. */
  readonly descriptors: ReadonlyMap<string, VectorLike>;
  /** `linearKernel` unless given. */
  readonly kernel?: DescriptorKernel;
  /** The part of a task's weights that its descriptor does not tell, > 0; .1 unless given. */
  readonly own?: number;
}

export interface DescriptorKinship {
  /** K = (C + own I)⁻¹ with C_ij = kernel(descriptor i, descriptor j). */
  readonly kinship: KinshipBuilder;
  /**
   * For a task never seen: what its weights are expected to be, as shares of those of known tasks, c (C + own I)⁻¹
   * (kriging). For `PredictOptions.kin`.
   */
  readonly kinOf: (descriptor: VectorLike, tasks: readonly string[]) => Map<string, number>;
}

/**
 * Tasks tied by what describes them: a Gaussian prior of the weights with a kernel over descriptors (Bonilla, Agakov &
 * Williams, Kernel multi-task learning using task-specific features, 2007, equation 4), so that a task never seen gets
 * a model by its descriptor.
 * @throws InputError for a task without a descriptor, descriptors of different lengths, a value that is not finite.
 */
export function descriptorKinship({
  descriptors,
  kernel = linearKernel,
  own = 0.1,
}: DescriptorOptions): DescriptorKinship {
  if (!(own > 0 && Number.isFinite(own))) {
    throw new InputError(`descriptorKinship: own must be a finite number > 0, not ${own}`);
  }
  const known = new Map([...descriptors].map(([task, values]) => [task, read(values, `task "${task}"`)]));
  const length = [...known.values()][0]?.length ?? 0;
  for (const [task, { length: found }] of known) {
    if (found === length) continue;
    throw new InputError(
      `descriptorKinship: descriptors differ in length, ${length} numbers and ${found} (task "${task}")`,
    );
  }
  const covarianceOf = (tasks: readonly string[]) => {
    const points = tasks.map((task) => {
      const descriptor = known.get(task);
      if (descriptor !== undefined) return descriptor;
      throw new InputError(`descriptorKinship: task "${task}" has no descriptor; give it one`);
    });
    const size = tasks.length;
    const covariance = Float64Array.from({ length: size * size }, (_, at) => {
      const [i, j] = [Math.floor(at / size), at % size];
      return kernel(points[Math.max(i, j)]!, points[Math.min(i, j)]!) + (i === j ? own : 0);
    });
    return { covariance, points };
  };
  const kinship: KinshipBuilder = (tasks) =>
    renamed(covarianceKinship(rowsOf(covarianceOf(tasks).covariance, tasks.length)), "descriptor")(tasks);
  let last:
    | { readonly tasks: readonly string[]; readonly points: readonly Float64Array[]; readonly inverse: Float64Array }
    | undefined;
  const kinOf: DescriptorKinship["kinOf"] = (descriptor, tasks) => {
    const point = read(descriptor, "the new task");
    if (point.length !== length) {
      throw new InputError(`descriptorKinship: the new task has ${point.length} numbers, and the others ${length}`);
    }
    if (last?.tasks !== tasks) {
      const { covariance, points } = covarianceOf(tasks);
      last = { tasks, points, inverse: invertDefinite(covariance, tasks.length, "descriptorKinship") };
    }
    const { points, inverse } = last;
    const near = points.map((other) => kernel(point, other));
    return new Map(
      tasks.map((task, i) => [task, near.reduce((sum, value, j) => sum + value * inverse[j * tasks.length + i]!, 0)]),
    );
  };
  return { kinship, kinOf };
}

function read(values: VectorLike, whose: string): Float64Array {
  const descriptor = vectorOf(values, `descriptorKinship: the descriptor of ${whose}`);
  const bad = descriptor.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return descriptor;
  throw new InputError(`descriptorKinship: the descriptor of ${whose} holds ${descriptor[bad]} at place ${bad + 1}`);
}
