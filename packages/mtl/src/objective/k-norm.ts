import {
  add,
  concat,
  eye,
  forEachLeaf,
  inverse,
  leaves,
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
import type { ModelParameters } from "../models/model.js";
import { kinshipMatrix } from "../relations/explicit.js";
import type { KinshipBuilder } from "../relations/kinship.js";
import type { ObjectiveParameters } from "./objective.js";
import type { Penalty } from "./penalty.js";

interface Tie {
  readonly lambda: number;
  /**
   * How the tasks are tied: a builder such as `meanKinship()`; or `"learned"`, K = Ω⁻¹ with Ω = (WᵀW)^½ / tr (WᵀW)^½,
   * renewed after each epoch (Zhang & Yeung, A convex formulation for learning task relationships, 2010, equation 13).
   */
  readonly kinship: KinshipBuilder | "learned";
  /** Added to Ω's diagonal, as a share of its mean, so that it can be inverted; .01 unless given. */
  readonly ridge?: number;
}

export interface KNormOptions extends Tie {
  /** The tasks that are tied, in the order of K; all must have parameters of the same shapes. */
  readonly tasks: readonly string[];
}

export interface KNormOverOutputsOptions extends Tie {
  /** The task whose head gives one output for each of `outputs`. */
  readonly task: string;
  /** The outputs' names, which the kinship's builder is given: the small tasks that the one task is made of. */
  readonly outputs: readonly string[];
}

type State = { readonly kinship: Tensor };

/** (λ/2) Σ_ij K_ij ⟨w_i, w_j⟩ over the weights of the tasks' heads. */
export const kNormOverHeads = (options: KNormOptions): Penalty =>
  overTasks("kNormOverHeads", options, (parameters, task) => ownOf("kNormOverHeads", parameters, task).head);

/** (λ/2) Σ_ij K_ij ⟨w_i, w_j⟩ over the tasks' own trunks: with `softSharing`. */
export const kNormOverTrunks = (options: KNormOptions): Penalty =>
  overTasks("kNormOverTrunks", options, (parameters, task) => ownOf("kNormOverTrunks", parameters, task).encoder);

/**
 * (λ/2) Σ_ij K_ij ⟨w_i, w_j⟩ over the outputs of one head, the columns of its weights: for many small tasks as the
 * outputs of one task, whose labels are missing but for one a row.
 */
export const kNormOverOutputs = ({ task, outputs, ...tie }: KNormOverOutputsOptions): Penalty => {
  const name = "kNormOverOutputs";
  const columns = (parameters: ObjectiveParameters): Tensor =>
    concat(
      leaves(name, ownOf(name, parameters, task).head).map((x) => transpose(reshape(x, [-1, outputs.length]))),
      1,
    );
  return kNorm(name, outputs, tie, columns, (parameters) => {
    for (const [leaf, path] of leavesWithPaths(name, ownOf(name, parameters, task).head))
      if (leaf.shape.at(-1) !== outputs.length)
        throw new InputError(
          `${name}: the head of "${task}" has shape [${leaf.shape.join(", ")}] at ${path}, expected ${outputs.length} outputs last`,
        );
  });
};

function ownOf(name: string, { model }: ObjectiveParameters, task: string): ModelParameters["tasks"][string] {
  const own = model.tasks[task];
  if (!own)
    throw new InputError(`${name}: there is no task "${task}"; the tasks are ${Object.keys(model.tasks).join(", ")}`);
  return own;
}

/** One row a task: its parameters one after another. */
function overTasks(
  name: string,
  { tasks, ...tie }: KNormOptions,
  partOf: (parameters: ObjectiveParameters, task: string) => Structure,
): Penalty {
  const rows = (parameters: ObjectiveParameters): Tensor =>
    stack(tasks.map((task) => flattened(partOf(parameters, task))));
  return kNorm(name, tasks, tie, rows, (parameters) => requireAlike(name, tasks, (task) => partOf(parameters, task)));
}

function kNorm(
  name: string,
  names: readonly string[],
  { lambda, kinship, ridge = 0.01 }: Tie,
  /** One row for each name: W is its transpose. */
  weights: (parameters: ObjectiveParameters) => Tensor,
  check: (parameters: ObjectiveParameters) => void,
): Penalty {
  if (!(lambda >= 0 && lambda < Number.POSITIVE_INFINITY))
    throw new InputError(`${name}: lambda must be a finite number of at least 0, not ${lambda}`);
  const count = names.length;
  const given = kinship === "learned" ? undefined : tensor(kinshipMatrix(kinship(names)), { shape: [count, count] });
  const penalty: Penalty = {
    name,
    start(parameters) {
      check(parameters);
      const { dtype } = weights(parameters);
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

function leavesWithPaths(name: string, part: Structure): [Tensor, string][] {
  const found: [Tensor, string][] = [];
  forEachLeaf(name, part, (leaf, path) => found.push([leaf, path]));
  return found;
}

function requireAlike(name: string, tasks: readonly string[], partOf: (task: string) => Structure): void {
  if (leaves(name, partOf(tasks[0]!)).length === 0)
    throw new InputError(
      `${name}: task "${tasks[0]}" has no parameters of its own there; tie heads with kNormOverHeads, trunks with softSharing`,
    );
  const first = leavesWithPaths(name, partOf(tasks[0]!));
  for (const task of tasks) {
    const found = new Map(leavesWithPaths(name, partOf(task)).map(([leaf, path]) => [path, leaf]));
    for (const [leaf, path] of first) {
      const other = found.get(path);
      if (found.size !== first.length || !other || `${other.shape}` !== `${leaf.shape}`)
        throw new InputError(
          `${name}: tasks "${tasks[0]}" and "${task}" differ${path && ` at ${path}`}: [${leaf.shape.join(", ")}] and ${other ? `[${other.shape.join(", ")}]` : "nothing"}; tie tasks alike`,
        );
    }
  }
}
