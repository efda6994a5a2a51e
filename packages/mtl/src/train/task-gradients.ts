import { jacobianOfTasks } from "@kinship/autodiff";
import {
  add,
  cast,
  foldIn,
  full,
  leaves,
  mapLeaves,
  matchLeaves,
  mul,
  reshape,
  type Structure,
  slice,
  splitKey,
  stack,
  type Tensor,
  zerosLike,
} from "@kinship/tensor";
import type { Batch, Objective, ObjectiveParameters } from "../objective/objective.js";
import type { Moving } from "./state.js";

/** One loss a task, float64, unweighted. `part` tells apart the randomness of parts of one batch. */
export function lossesOf(
  objective: Objective,
  { key, layers: state }: Pick<Moving, "key" | "layers">,
  parameters: ObjectiveParameters,
  batch: Batch,
  part = 0,
) {
  const [, now] = splitKey(key) as [Tensor, Tensor];
  const context = { training: true, key: () => (part === 0 ? now : foldIn(now, part)), state };
  const { losses, state: layers } = objective.losses(parameters, batch, context);
  return { losses: objective.tasks.map((task) => cast(reshape(losses[task]!, []), "float64")), layers };
}

export type TaskGradients = {
  /** [tasks], unweighted. */
  readonly losses: Tensor;
  /** Of each task's weighted loss, in what tasks share. */
  readonly shared: readonly Structure[];
  /** Of the sum of the weighted losses and the penalties, in everything; of what is shared, of the penalties alone. */
  readonly own: ObjectiveParameters;
  readonly layers: Structure;
};

/**
 * Each task's gradient of what tasks share, and the gradient of everything else under the sum of the losses: one pass
 * forward, one pass back a task and one for the sum. Where tasks have rows of their own, each task's pass runs over its
 * rows only, so that all of them together cost about as much as one. The penalties' gradient of what is shared belongs
 * to no task: no balancer weighs it.
 */
export function taskGradients(objective: Objective, state: Moving, batch: Batch, weights: Tensor): TaskGradients {
  const { tasks } = objective;
  const found: Record<string, { readonly loss: Tensor; readonly shared: Structure }> = {};
  let { layers } = state;
  let own: Structure | undefined;
  for (const [k, part] of partsOf(objective, state, batch).entries()) {
    const present = tasks.filter((task) => part.some(({ targets }) => task in targets));
    const auxiliary: { losses?: readonly Tensor[]; layers?: Structure } = {};
    const { gradients } = jacobianOfTasks((parameters: ObjectiveParameters) => {
      Object.assign(auxiliary, lossesOf(objective, { ...state, layers }, parameters, part, k));
      const weighted = present.map((task) => {
        const t = tasks.indexOf(task);
        return mul(auxiliary.losses![t]!, slice(weights, [t]));
      });
      return [...weighted, weighted.reduce((a, b) => add(a, b))];
    })(state.parameters) as unknown as { readonly gradients: readonly ObjectiveParameters[] };
    for (const [index, task] of present.entries())
      found[task] = { loss: auxiliary.losses![tasks.indexOf(task)]!, shared: gradients[index]!.model.shared };
    const rest = withoutShared(gradients[present.length]!);
    own = own ? addStructures(own, rest) : rest;
    layers = auxiliary.layers!;
  }
  const ofPenalty = penaltyGradient(objective, state);
  const { tasks: ofTasks, kinds } = addStructures(withoutShared(ofPenalty), own!) as unknown as Own;
  const none = mapLeaves("taskGradients", state.parameters.model.shared, zerosLike);
  return {
    losses: stack(tasks.map((task) => found[task]?.loss ?? full([], 0, "float64"))),
    shared: tasks.map((task) => found[task]?.shared ?? none),
    own: { model: { shared: ofPenalty.model.shared, tasks: ofTasks }, kinds },
    layers,
  };
}

type Own = { readonly tasks: ObjectiveParameters["model"]["tasks"]; readonly kinds: ObjectiveParameters["kinds"] };

const withoutShared = ({ model, kinds }: ObjectiveParameters): Structure => ({ tasks: model.tasks, kinds });

/**
 * One encoder for all rows takes them at once, which is fast for one pass back and wasteful for one a task. Statistics
 * over all rows, as batch norm takes them, must stay together.
 */
function partsOf({ model }: Objective, { layers }: Moving, batch: Batch): readonly Batch[] {
  const { encoder, stems = {} } = layers as { readonly encoder: Structure; readonly stems?: Structure };
  const apart = model.encoder.oneForAll && leaves("taskGradients", [encoder, stems]).length === 0;
  return apart ? batch.map((group) => [group]) : [batch];
}

function penaltyGradient(objective: Objective, { parameters, penalties }: Moving): ObjectiveParameters {
  if (objective.penalties.length === 0) return mapLeaves("taskGradients", parameters, zerosLike);
  const { gradients } = jacobianOfTasks((own: ObjectiveParameters) => [objective.penalty(own, penalties)])(
    parameters,
  ) as unknown as { readonly gradients: readonly ObjectiveParameters[] };
  return gradients[0]!;
}

export function addStructures<S extends Structure>(a: S, b: Structure): S {
  const other = new Map(matchLeaves("addStructures", a, b).map(([, y, path]) => [path, y]));
  return mapLeaves("addStructures", a, (x, path) => add(x, other.get(path)!));
}
