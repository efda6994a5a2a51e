import { valueAndGrad, vjp } from "@kinship/autodiff";
import {
  add,
  cast,
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
  sum,
  type Tensor,
  tensor,
  zerosLike,
} from "@kinship/tensor";
import { type Balanced, type BalanceInput, balance } from "../balance/balance.js";
import type { Balancer } from "../balance/balancer.js";
import type { Batch, Objective, ObjectiveParameters } from "../objective/objective.js";
import { clipByNorm } from "../optimizers/clipping.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import type { TrainingState } from "./state.js";

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
  const perTask = wrap((state: TrainingState, batch: Structure, weights: Tensor) =>
    taskGradients(objective, state, batch as unknown as Batch, weights),
  );
  const finish = wrap((state: TrainingState, gradients: Structure, layers: Structure, losses: Tensor) =>
    update(options, state, gradients as unknown as ObjectiveParameters, layers, losses),
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
      const weighed = balancer.weigh(state.balance, before);
      const stepped = read(whole({ ...state, balance: weighed.state }, rows, scaled(active, weighed.weights)));
      if (!balancer.observe || !stepped.finite) return stepped;
      const after = numbers(lossesOnly({ ...stepped.state, key: state.key }, rows));
      return { ...stepped, state: { ...stepped.state, balance: balancer.observe(stepped.state.balance, after) } };
    }
    const weights = scaled(active);
    const found = perTask(state, rows, weights);
    const losses = numbers(found.losses);
    if (found.finite.item() !== 0) return { state, losses, finite: false };
    const sharedOn = (other: Batch): readonly Structure[] =>
      perTask(state, other as unknown as Structure, weights).shared;
    const balanced = balanceStructures(balancer, state.balance, {
      gradients: found.shared,
      losses,
      ...(independent && { independent: [sharedOn(independent[0]), sharedOn(independent[1])] as const }),
    });
    const { model, kinds } = found.own as unknown as ObjectiveParameters;
    const shared = addStructures(model.shared, balanced.direction);
    const gradients = { model: { ...model, shared }, kinds } as unknown as Structure;
    return read(finish({ ...state, balance: balanced.state }, gradients, found.layers, found.losses));
  };
}

// Spelled out: the compiler gives up on inferring through structures of structures.
const balanceStructures = balance as unknown as (
  balancer: Exclude<Balancer, { readonly kind: "losses" }>,
  state: Structure,
  input: BalanceInput<Structure>,
) => Balanced<Structure, Structure>;

/** Whether `finite` is 0: not a number where any entry is infinite or not a number. */
const finiteness = (structures: readonly Structure[]): Tensor =>
  structures
    .flatMap((structure) => leaves("finiteness", structure))
    .map((leaf) => cast(sum(mul(leaf, 0)), "float64"))
    .reduce((a, b) => add(a, b), full([], 0, "float64"));

function lossesOf(objective: Objective, state: TrainingState, parameters: ObjectiveParameters, batch: Batch) {
  const [, now] = splitKey(state.key) as [Tensor, Tensor];
  const context = { training: true, key: () => now, state: state.layers };
  const { losses, state: layers } = objective.losses(parameters, batch, context);
  return { losses: objective.tasks.map((task) => cast(reshape(losses[task]!, []), "float64")), layers };
}

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
  return update(options, state, gradients, layers, losses);
}

function update(
  { optimizer, clipNorm }: StepOptions,
  state: TrainingState,
  gradients: ObjectiveParameters,
  layers: Structure,
  losses: Tensor,
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

/**
 * Each task's gradient of what tasks share, and the gradient of everything else under the sum of the losses. The
 * penalties' own gradient of what is shared stands among the latter: it belongs to no task, so no balancer weighs it.
 */
function taskGradients(objective: Objective, state: TrainingState, batch: Batch, weights: Tensor) {
  const auxiliary: { layers?: Structure } = {};
  const { output, pullback } = vjp(
    (parameters: ObjectiveParameters) => {
      const { losses, layers } = lossesOf(objective, state, parameters, batch);
      auxiliary.layers = layers;
      return { losses, penalty: cast(objective.penalty(parameters, state.penalties), "float64") };
    },
    [state.parameters],
  );
  const weight = (task: number): Tensor => slice(weights, [task]);
  const zero = full([], 0, "float64");
  const rows = output.losses.map((_, task) => {
    const seeds = output.losses.map((loss, t) => (t === task ? weight(t) : zerosLike(loss)));
    return pullback({ losses: seeds, penalty: zero })[0];
  });
  const ofPenalty = pullback({
    losses: output.losses.map((loss) => zerosLike(loss)),
    penalty: full([], 1, "float64"),
  })[0];
  const withoutShared = ({ model, kinds }: ObjectiveParameters): Structure => ({ tasks: model.tasks, kinds });
  const own = rows.map(withoutShared).reduce(addStructures, withoutShared(ofPenalty)) as {
    tasks: ObjectiveParameters["model"]["tasks"];
    kinds: ObjectiveParameters["kinds"];
  };
  const losses = stack(output.losses);
  const shared = rows.map(({ model }) => model.shared);
  return {
    losses,
    shared,
    own: { model: { shared: ofPenalty.model.shared, tasks: own.tasks }, kinds: own.kinds } as unknown as Structure,
    layers: auxiliary.layers!,
    finite: finiteness([losses, shared]),
  };
}

function addStructures(a: Structure, b: Structure): Structure {
  const other = new Map(matchLeaves("addStructures", a, b).map(([, y, path]) => [path, y]));
  return mapLeaves("addStructures", a, (x, path) => add(x, other.get(path)!));
}
