import { add, foldIn, full, type Structure, type Tensor, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import type { Context, Floating, Initialised } from "../layers/layer.js";
import { type Named, record } from "../models/encoder.js";
import type { Model, ModelParameters } from "../models/model.js";
import type { Target, TaskKind, TaskSpecification } from "./kind.js";
import type { Penalty } from "./penalty.js";

export type ObjectiveParameters = {
  readonly model: ModelParameters;
  /** Trained numbers of the tasks' kinds, centroids for one. */
  readonly kinds: Named<Structure>;
};

/** Rows that one or more tasks share, with those tasks' labels. */
export interface BatchGroup {
  readonly x: Tensor;
  readonly targets: Named<Target>;
}

export type Batch = readonly BatchGroup[];

export interface Objective {
  readonly model: Model;
  readonly tasks: readonly string[];
  readonly kinds: Named<TaskKind>;
  /** [tasks], float64. */
  readonly weights: Tensor;
  readonly penalties: readonly Penalty[];
  initialise(key: Tensor, dtype?: Floating): Initialised<ObjectiveParameters>;
  /** One loss a task, each the mean over its known labels, unweighted; 0 for a task that is not in the batch. */
  losses(
    parameters: ObjectiveParameters,
    batch: Batch,
    context: Context,
  ): { readonly losses: Named<Tensor>; readonly state: Structure };
  penalty(parameters: ObjectiveParameters, states: readonly Structure[]): Tensor;
}

export interface ObjectiveOptions {
  readonly model: Model;
  /** What each of the model's tasks is. */
  readonly tasks: Named<TaskKind | TaskSpecification>;
  readonly penalties?: readonly Penalty[];
}

/**
 * Σ_t weight_t · loss_t + Σ penalties.
 * @throws InputError for a task without a head or a head without a task, and for a head that does not suit its task.
 */
export function createObjective({ model, tasks: specified, penalties = [] }: ObjectiveOptions): Objective {
  const { tasks } = model;
  for (const task of Object.keys(specified))
    if (!tasks.includes(task))
      throw new InputError(`createObjective: the model has no head for task "${task}"; it has ${tasks.join(", ")}`);
  const specifications = record(tasks, (task) => specificationOf(task, specified[task]));
  for (const task of tasks) specifications[task]!.kind.checkOutput(task, model.outputs[task]!);
  const kinds = record(tasks, (task) => specifications[task]!.kind);
  return {
    model,
    tasks,
    kinds,
    weights: tensor(Float64Array.from(tasks, (task) => specifications[task]!.weight ?? 1)),
    penalties,
    initialise(key, dtype = "float32") {
      const { parameters, state } = model.initialise(foldIn(key, 0), dtype);
      const ofKinds = foldIn(key, 1);
      const own = record(tasks, (task, t) => kinds[task]!.initialise(foldIn(ofKinds, t), model.outputs[task]!, dtype));
      return { parameters: { model: parameters, kinds: own }, state };
    },
    losses(parameters, batch, context) {
      const inputs = Object.fromEntries(batch.flatMap(({ x, targets }) => Object.keys(targets).map((t) => [t, x])));
      const targets = Object.fromEntries(batch.flatMap((group) => Object.entries(group.targets)));
      const { outputs, state } = model.apply(parameters.model, inputs, context);
      const losses = record(tasks, (task) =>
        outputs[task]
          ? kinds[task]!.loss({ output: outputs[task], ...targets[task]!, parameters: parameters.kinds[task]! })
          : full([], 0),
      );
      return { losses, state };
    },
    penalty: (parameters, states) =>
      penalties.map((p, k) => p.value(parameters, states[k]!)).reduce((a, b) => add(a, b), full([], 0)),
  };
}

function specificationOf(task: string, given: TaskKind | TaskSpecification | undefined): TaskSpecification {
  if (!given) throw new InputError(`createObjective: the model has a head for "${task}"; say what kind of task it is`);
  const specification = typeof given.kind === "string" ? { kind: given as TaskKind } : (given as TaskSpecification);
  const { weight = 1 } = specification;
  if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
    throw new InputError(`createObjective: the weight of task "${task}" must be a number of at least 0, not ${weight}`);
  return specification;
}
