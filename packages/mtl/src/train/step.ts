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
import { type BalanceState, knownLosses, toldLosses } from "./known-losses.js";
import { type Carried, type Carrier, copyOf, type Moving } from "./state.js";
import { addStructures, lossesOf, type TaskGradients, taskGradients } from "./task-gradients.js";

/**
 * Wraps a function of structures of tensors: the identity, or `compile`. `donate` names arguments that are not used
 * again, whose memory results may take.
 */
export type Wrap = <Arguments extends readonly Structure[], Result extends Structure>(
  f: (...args: Arguments) => Result,
  options?: { readonly donate?: readonly number[] },
) => (...args: Arguments) => Result;

export interface StepOptions {
  readonly objective: Objective;
  readonly optimizer: Optimizer;
  readonly balancer?: Balancer;
  /** The largest norm of the gradient. */
  readonly clipNorm?: number;
  readonly wrap: Wrap;
}

export interface Stepped {
  /** Of no use where the step is not finite. */
  readonly state: Carried;
  /** One a task, before the step; NaN where the batch has no label of it. */
  readonly losses: Float64Array;
  /** Whether every loss and every new parameter is finite. */
  readonly finite: boolean;
  /** The balancer's, one a task, where it gives weights. */
  readonly weights?: Float64Array;
}

export interface StepInput {
  readonly batch: Batch;
  /** A 1 for each task whose loss counts. */
  readonly active: Float64Array;
  /** For balancers that need two more. */
  readonly independent: readonly [Batch, Batch] | undefined;
}

/** Whose new state takes the memory of the one it is given, which may not be used again. */
export type Step = (state: Carried, input: StepInput) => Stepped;

type Outcome = { readonly list: readonly Tensor[]; readonly losses: Tensor; readonly finite: Tensor };

/** One update of everything. Each part that computes is a pure function of tensors, passed through `wrap`. */
export function createStep(options: StepOptions, { list: listOf, records, ofList }: Carrier): Step {
  const { objective, balancer, wrap } = options;
  const outcome = ({ state, ...rest }: Updated): Outcome => ({ list: listOf(state), ...rest });
  const whole = wrap(
    (list: readonly Tensor[], batch: Structure, weights: Tensor) =>
      outcome(weightedStep(options, records(list), batch as unknown as Batch, weights)),
    { donate: [0] },
  );
  const lossesOnly = wrap((list: readonly Tensor[], batch: Structure) =>
    lossVector(objective, records(list), batch as unknown as Batch),
  );
  const perTask = wrap((list: readonly Tensor[], batch: Structure, weights: Tensor) => {
    const found = taskGradients(objective, records(list), batch as unknown as Batch, weights);
    const { losses, shared } = found;
    // A gradient that is not finite shows in its own square.
    const gramian = balancer?.kind === "gramian" ? gramianOf(shared) : full([], 0, "float64");
    return { ...found, gramian, finite: finiteness([losses, balancer?.kind === "gramian" ? gramian : shared]) };
  });
  const cross = wrap((a: readonly Structure[], b: readonly Structure[]) => crossOf(a, b));
  const weighed = wrap(
    (list: readonly Tensor[], gradients: TaskGradients, weights: Tensor) =>
      outcome(update(options, records(list), withShared(gradients, combined(weights, gradients.shared)), gradients)),
    { donate: [0] },
  );
  const directed = wrap(
    (list: readonly Tensor[], gradients: TaskGradients, direction: Structure) =>
      outcome(update(options, records(list), withShared(gradients, direction), gradients)),
    { donate: [0] },
  );
  const numbers = (values: Tensor) => values.toTypedArray() as Float64Array;
  const read = ({ list, losses, finite }: Outcome, balance: Structure, batch: Batch): Stepped => ({
    state: ofList(list, balance),
    losses: known(numbers(losses), batch),
    finite: finite.item() === 0,
  });
  const known = (losses: Float64Array, batch: Batch) => knownLosses(losses, objective.tasks, batch);
  const given = objective.weights.toTypedArray() as Float64Array;
  const times = (active: Float64Array, by: (t: number) => number): Tensor =>
    tensor(active.map((value, t) => value * given[t]! * by(t)));
  // The same tasks count for many steps.
  let last: { readonly active: Float64Array; readonly weights: Tensor } | undefined;
  const scaled = (active: Float64Array): Tensor => {
    if (last?.active !== active) last = { active, weights: times(active, () => 1) };
    return last.weights;
  };

  return (state, { batch, active, independent }) => {
    const rows = batch as unknown as Structure;
    const { list } = state;
    if (!balancer) return read(whole(list, rows, scaled(active)), state.balance, batch);
    const { method, told: before } = state.balance as BalanceState;
    if (balancer.kind === "losses") {
      const losses = numbers(lossesOnly(list, rows));
      if (!losses.every(Number.isFinite)) return { state, losses, finite: false };
      const told = toldLosses(known(losses, batch), before);
      const { state: next, weights } = balancer.weigh(method, told);
      const scaledBy = times(active, (t) => weights[t]!);
      const balance: BalanceState = { method: next, told: tensor(told) };
      const key = balancer.observe && copyOf(records(list).key);
      const stepped = { ...read(whole(list, rows, scaledBy), balance, batch), weights };
      if (!key || !balancer.observe || !stepped.finite) return stepped;
      const after = numbers(lossesOnly(listOf({ ...records(stepped.state.list), key }), rows));
      // Where the step overshot, the next one finds it.
      if (!after.every(Number.isFinite)) return stepped;
      const observed = balancer.observe(next, toldLosses(known(after, batch), balance.told));
      return { ...stepped, state: ofList(stepped.state.list, { ...balance, method: observed }) };
    }
    const { gramian, finite, ...gradients } = perTask(list, rows, scaled(active));
    const losses = numbers(gradients.losses);
    if (finite.item() !== 0) return { state, losses, finite: false };
    const told = toldLosses(known(losses, batch), before);
    if (balancer.kind === "jacobian") {
      const found = balancer.direct(method, { gradients: gradients.shared as never, losses: told });
      const stepped = directed(list, gradients, found.direction);
      return {
        ...read(stepped, { method: found.state, told: tensor(told) }, batch),
        ...(found.weights && { weights: found.weights }),
      };
    }
    const sharedOn = (other: Batch): readonly Structure[] =>
      perTask(list, other as unknown as Structure, scaled(active)).shared;
    const found = balancer.weigh(method, {
      gramian: numbers(gramian),
      losses: told,
      ...(independent && { crossGramian: numbers(cross(sharedOn(independent[0]), sharedOn(independent[1]))) }),
    });
    const { weights } = found;
    const updated = weighed(list, gradients, tensor(weights));
    return { ...read(updated, { method: found.state, told: tensor(told) }, batch), weights };
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

const lossVector = (objective: Objective, state: Moving, batch: Batch): Tensor =>
  stack(lossesOf(objective, state, state.parameters, batch).losses);

type Updated = { readonly state: Moving; readonly losses: Tensor; readonly finite: Tensor };

function weightedStep(options: StepOptions, state: Moving, batch: Batch, weights: Tensor): Updated {
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
  state: Moving,
  gradients: ObjectiveParameters,
  { layers, losses }: Pick<TaskGradients, "layers" | "losses">,
): Updated {
  const clipped = clipNorm === undefined ? gradients : clipByNorm(gradients, clipNorm);
  const updated = optimizer.update(state.optimizer, clipped, state.parameters);
  const [key] = splitKey(state.key) as [Tensor, Tensor];
  return {
    state: { ...state, parameters: updated.parameters, optimizer: updated.state, layers, key },
    losses,
    finite: finiteness([updated.parameters, losses]),
  };
}
