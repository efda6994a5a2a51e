import { valueAndGrad } from "@kinship/autodiff";
import {
  add,
  cast,
  full,
  leaves,
  mul,
  type Structure,
  splitKey,
  stack,
  sum,
  type Tensor,
  tensor,
} from "@kinship/tensor";
import type { Balancer } from "../balance/balancer.js";
import { combineGradients, crossGramianTensor, gramianTensor } from "../gradients/gramian.js";
import type { Batch, Objective, ObjectiveParameters } from "../objective/objective.js";
import { clipByNorm } from "../optimizers/clipping.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import type { TrainingState } from "./state.js";
import { addStructures, lossesOf, type TaskGradients, taskGradients } from "./task-gradients.js";

/** Wraps a function of structures of tensors: the identity, or `compile`. */
export type Wrap = <Arguments extends readonly Structure[], Result extends Structure>(
  f: (...args: Arguments) => Result,
) => (...args: Arguments) => Result;

export interface StepOptions {
  readonly objective: Objective;
  readonly optimizer: Optimizer;
  readonly balancer?: Balancer;
  /** The largest norm of the gradient. */
  readonly clipNorm?: number;
  readonly wrap?: Wrap;
}

export interface Stepped {
  readonly state: TrainingState;
  /** One a task, before the step. */
  readonly losses: Float64Array;
  /** Whether every loss and every new parameter is finite. */
  readonly finite: boolean;
  /** The balancer's, one a task, where it gives weights. */
  readonly weights?: Float64Array;
}

/** `active` has a 1 for each task whose loss counts. `independent` are batches for balancers that need two more. */
export type Step = (
  state: TrainingState,
  batch: Batch,
  active: Float64Array,
  independent?: readonly [Batch, Batch],
) => Stepped;

type Outcome = { readonly state: TrainingState; readonly losses: Tensor; readonly finite: Tensor };

/** One update of everything. Each part that computes is a pure function of tensors, passed through `wrap`. */
export function createStep(options: StepOptions): Step {
  const { objective, balancer, wrap = (f) => f } = options;
  const whole = wrap((state: TrainingState, batch: Structure, weights: Tensor) =>
    weightedStep(options, state, batch as unknown as Batch, weights),
  );
  const lossesOnly = wrap((state: TrainingState, batch: Structure) =>
    lossVector(objective, state, batch as unknown as Batch),
  );
  const perTask = wrap((state: TrainingState, batch: Structure, weights: Tensor) => {
    const found = taskGradients(objective, state, batch as unknown as Batch, weights);
    const { losses, shared } = found;
    // A gradient that is not finite shows in its own square.
    const gramian = balancer?.kind === "gramian" ? gramianOf(shared) : full([], 0, "float64");
    return { ...found, gramian, finite: finiteness([losses, balancer?.kind === "gramian" ? gramian : shared]) };
  });
  const cross = wrap((a: readonly Structure[], b: readonly Structure[]) => crossOf(a, b));
  const weighed = wrap((state: TrainingState, gradients: TaskGradients, weights: Tensor) =>
    update(options, state, withShared(gradients, combined(weights, gradients.shared)), gradients),
  );
  const directed = wrap((state: TrainingState, gradients: TaskGradients, direction: Structure) =>
    update(options, state, withShared(gradients, direction), gradients),
  );
  const numbers = (losses: Tensor): Float64Array => Float64Array.from(losses.toTypedArray());
  const read = ({ state, losses, finite }: Outcome): Stepped => ({
    state,
    losses: numbers(losses),
    finite: finite.item() === 0,
  });
  const given = objective.weights.toTypedArray() as Float64Array;
  const scaled = (active: Float64Array, by?: Float64Array): Tensor =>
    tensor(active.map((value, t) => value * given[t]! * (by?.[t] ?? 1)));

  return (state, batch, active, independent) => {
    const rows = batch as unknown as Structure;
    if (!balancer) return read(whole(state, rows, scaled(active)));
    if (balancer.kind === "losses") {
      const before = numbers(lossesOnly(state, rows));
      if (!before.every(Number.isFinite)) return { state, losses: before, finite: false };
      const { state: balance, weights } = balancer.weigh(state.balance, before);
      const stepped = { ...read(whole({ ...state, balance }, rows, scaled(active, weights))), weights };
      if (!balancer.observe || !stepped.finite) return stepped;
      const after = numbers(lossesOnly({ ...stepped.state, key: state.key }, rows));
      return { ...stepped, state: { ...stepped.state, balance: balancer.observe(stepped.state.balance, after) } };
    }
    const { gramian, finite, ...gradients } = perTask(state, rows, scaled(active));
    const losses = numbers(gradients.losses);
    if (finite.item() !== 0) return { state, losses, finite: false };
    if (balancer.kind === "jacobian") {
      const found = balancer.direct(state.balance, { gradients: gradients.shared as never, losses });
      return read(directed({ ...state, balance: found.state }, gradients, found.direction));
    }
    const sharedOn = (other: Batch): readonly Structure[] =>
      perTask(state, other as unknown as Structure, scaled(active)).shared;
    const found = balancer.weigh(state.balance, {
      gramian: numbers(gramian),
      losses,
      ...(independent && { crossGramian: numbers(cross(sharedOn(independent[0]), sharedOn(independent[1]))) }),
    });
    const { weights } = found;
    return { ...read(weighed({ ...state, balance: found.state }, gradients, tensor(weights))), weights };
  };
}

// Spelled out: the compiler gives up on inferring through structures of structures.
const gramianOf = gramianTensor as (gradients: readonly Structure[]) => Tensor;
const crossOf = crossGramianTensor as (a: readonly Structure[], b: readonly Structure[]) => Tensor;
const combined = combineGradients as (weights: Tensor, gradients: readonly Structure[]) => Structure;

const withShared = ({ own }: TaskGradients, direction: Structure): ObjectiveParameters => ({
  ...own,
  model: { ...own.model, shared: addStructures(own.model.shared, direction) },
});

/** Whether `finite` is 0: not a number where any entry is infinite or not a number. */
const finiteness = (structures: readonly Structure[]): Tensor =>
  structures
    .flatMap((structure) => leaves("finiteness", structure))
    .map((leaf) => cast(sum(mul(leaf, 0)), "float64"))
    .reduce((a, b) => add(a, b), full([], 0, "float64"));

const lossVector = (objective: Objective, state: TrainingState, batch: Batch): Tensor =>
  stack(lossesOf(objective, state, state.parameters, batch).losses);

function weightedStep(options: StepOptions, state: TrainingState, batch: Batch, weights: Tensor): Outcome {
  const { objective } = options;
  const [, gradients, { losses, layers }] = valueAndGrad(
    (parameters: ObjectiveParameters): [Tensor, { losses: Tensor; layers: Structure }] => {
      const found = lossesOf(objective, state, parameters, batch);
      const losses = stack(found.losses);
      const total = add(sum(mul(losses, weights)), objective.penalty(parameters, state.penalties));
      return [total, { losses, layers: found.layers }];
    },
    { hasAuxiliary: true },
  )(state.parameters);
  return update(options, state, gradients, { layers, losses });
}

function update(
  { optimizer, clipNorm }: StepOptions,
  state: TrainingState,
  gradients: ObjectiveParameters,
  { layers, losses }: Pick<TaskGradients, "layers" | "losses">,
): Outcome {
  const clipped = clipNorm === undefined ? gradients : clipByNorm(gradients, clipNorm);
  const updated = optimizer.update(state.optimizer, clipped, state.parameters);
  const [key] = splitKey(state.key) as [Tensor, Tensor];
  return {
    state: { ...state, parameters: updated.parameters, optimizer: updated.state, layers, key },
    losses,
    finite: finiteness([updated.parameters, losses]),
  };
}
