import {
  add,
  concat,
  eye,
  inverse,
  leaves,
  matchLeaves,
  matmul,
  matrixSqrt,
  mul,
  reshape,
  type Structure,
  stack,
  sum,
  type Tensor,
  tensor,
  trace,
  transpose,
} from "@kinship/tensor";
import { InputError } from "../errors.js";
import { kinshipMatrix } from "../relations/explicit.js";
import type { KinshipBuilder } from "../relations/kinship.js";
import type { ObjectiveParameters } from "./objective.js";
import type { Penalty } from "./penalty.js";

export interface KNormOptions {
  /** The tasks that are tied, in the order of K; all must have parameters of the same shapes. */
  readonly tasks: readonly string[];
  readonly lambda: number;
  /**
   * How the tasks are tied: a builder such as `meanKinship()`; or `"learned"`, K = Ω⁻¹ with Ω = (WᵀW)^½ / tr (WᵀW)^½,
   * renewed after each epoch (Zhang & Yeung, A convex formulation for learning task relationships, 2010, equation 13).
   */
  readonly kinship: KinshipBuilder | "learned";
  /** Added to Ω's diagonal, as a share of its mean, so that it can be inverted; .01 unless given. */
  readonly ridge?: number;
}

type State = { readonly kinship: Tensor };

/** (λ/2) Σ_ij K_ij ⟨w_i, w_j⟩ over the weights of the tasks' heads. */
export const kNormOverHeads = (options: KNormOptions): Penalty =>
  kNorm("kNormOverHeads", options, ({ model }, task) => model.tasks[task]!.head);

/** (λ/2) Σ_ij K_ij ⟨w_i, w_j⟩ over the tasks' own trunks: with `softSharing`. */
export const kNormOverTrunks = (options: KNormOptions): Penalty =>
  kNorm("kNormOverTrunks", options, ({ model }, task) => model.tasks[task]!.encoder);

function kNorm(
  name: string,
  { tasks, lambda, kinship, ridge = 0.01 }: KNormOptions,
  partOf: (parameters: ObjectiveParameters, task: string) => Structure,
): Penalty {
  if (!(lambda >= 0 && lambda < Number.POSITIVE_INFINITY))
    throw new InputError(`${name}: lambda must be a finite number of at least 0, not ${lambda}`);
  const count = tasks.length;
  const given = kinship === "learned" ? undefined : tensor(kinshipMatrix(kinship(tasks)), { shape: [count, count] });
  /** One row a task: W is its transpose. */
  const weights = (parameters: ObjectiveParameters): Tensor => {
    const parts = tasks.map((task) => partOf(parameters, task));
    return stack(parts.map((part) => flattened(part)));
  };
  const penalty: Penalty = {
    name,
    start(parameters) {
      requireAlike(name, tasks, (task) => partOf(parameters, task));
      const { dtype } = leaves(name, partOf(parameters, tasks[0]!))[0]!;
      // Without anything learned yet all tasks count alike: Ω = I / T.
      return { kinship: given ? tensor(given, { dtype }) : mul(eye(count, { dtype }), count) };
    },
    value(parameters, state) {
      const w = weights(parameters);
      return mul(sum(mul(matmul((state as State).kinship, w), w)), lambda / 2);
    },
  };
  if (given) return penalty;
  return {
    ...penalty,
    refresh(parameters, state) {
      const w = tensor(weights(parameters), { dtype: "float64" });
      const { dtype } = (state as State).kinship;
      return { kinship: tensor(learnedKinship(w, ridge), { dtype }) };
    },
  };
}

/** Ω⁻¹ from one row of weights a task, [tasks, weights]. Where all weights are 0 it is that of Ω = I / T. */
export function learnedKinship(weights: Tensor, ridge: number): Tensor {
  const count = weights.shape[0]!;
  const root = matrixSqrt(matmul(weights, transpose(weights)));
  const size = trace(root).item();
  const omega = size > 0 ? mul(root, 1 / size) : mul(eye(count, { dtype: "float64" }), 1 / count);
  return inverse(add(mul(omega, 1 - ridge), mul(eye(count, { dtype: "float64" }), ridge / count)));
}

const flattened = (part: Structure): Tensor => concat(leaves("kNorm", part).map((x) => reshape(x, [x.size])));

function requireAlike(name: string, tasks: readonly string[], partOf: (task: string) => Structure): void {
  if (leaves(name, partOf(tasks[0]!)).length === 0)
    throw new InputError(
      `${name}: task "${tasks[0]}" has no parameters of its own there; tie heads with kNormOverHeads, trunks with softSharing`,
    );
  for (const task of tasks)
    for (const [x, y, path] of matchLeaves(name, partOf(tasks[0]!), partOf(task)))
      if (`${x.shape}` !== `${y.shape}`)
        throw new InputError(
          `${name}: tasks "${tasks[0]}" and "${task}" differ${path && ` at ${path}`}: [${x.shape.join(", ")}] and [${y.shape.join(", ")}]; tie tasks alike`,
        );
}
