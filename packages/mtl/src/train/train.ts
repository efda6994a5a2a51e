import { randomKey, type Structure, splitKey, type Tensor } from "@kinship/tensor";
import type { Balancer } from "../balance/balancer.js";
import { InputError } from "../errors.js";
import type { Floating } from "../layers/layer.js";
import { breather, type RunControl } from "../linear/run-control.js";
import { type Named, record } from "../models/encoder.js";
import type { Scaling } from "../objective/kind.js";
import type { Batch, Objective } from "../objective/objective.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { readCheckpoint, type Settings, type Snapshot, writeCheckpoint } from "./checkpoint.js";
import { batchOf, checkDataset, type Dataset, fingerprint, fitScalings, type PreparedGroup, prepare } from "./data.js";
import { diagnose } from "./diagnose.js";
import { createForward, type Forward } from "./outputs.js";
import { createProbe, type Probe } from "./probe.js";
import type { EpochRecord, StepEvent } from "./progress.js";
import { createSampler, type Sampler } from "./sampler.js";
import type { TrainingState } from "./state.js";
import { createStep, type Step, type Wrap } from "./step.js";
import { validate } from "./validation.js";

export interface TrainOptions extends RunControl {
  readonly objective: Objective;
  readonly data: Dataset;
  /** Rows that are not trained on: measured after every epoch. */
  readonly validation?: Dataset;
  /** How long: epochs, or steps (updates). */
  readonly epochs?: number;
  readonly steps?: number;
  /** Rows a step, of all tasks together; 32 unless given. */
  readonly batchSize?: number;
  /** For tasks with rows of their own: see `SamplerOptions`. 1 unless given. */
  readonly temperature?: number;
  readonly optimizer: Optimizer;
  /** How the tasks' gradients become one; the sum of weighted losses unless given. */
  readonly balancer?: Balancer;
  readonly clipNorm?: number;
  /** Decides parameters, order of rows and dropout; 0 unless given. */
  readonly seed?: number;
  readonly dtype?: Floating;
  /** Stop after so many epochs without a lower validation total, and go back to the best. */
  readonly earlyStopping?: { readonly patience: number };
  /** Measure once an epoch how the tasks' gradients stand to each other, into the history. */
  readonly trackGradients?: boolean;
  readonly onStep?: (event: StepEvent) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Called between steps with a checkpoint's bytes, which it must write whole or not at all: to another file, renamed. */
  readonly checkpoint?: { save(bytes: Uint8Array): void | Promise<void>; readonly everySteps?: number };
  /** Goes on from a checkpoint to the same bits as if it had never stopped. */
  readonly resume?: Uint8Array;
  /** Wraps what a step computes: pass `compile` to compile it. */
  readonly wrap?: Wrap;
}

export interface Trained {
  readonly objective: Objective;
  /** With validation and early stopping those of the best epoch, else the last. */
  readonly parameters: TrainingState["parameters"];
  readonly layers: Structure;
  /** What the kinds learned from the training labels: how predictions go back to the labels' units. */
  readonly scalings: Named<Scaling>;
  readonly history: readonly EpochRecord[];
  readonly stopped: "finished" | "early";
  readonly steps: number;
}

/**
 * Trains all tasks of an objective together. The same options give the same bits.
 * @throws InputError for options or data that do not fit; NotFiniteError where a number becomes infinite or not a
 * number; the signal's reason where it is aborted, after a last checkpoint.
 */
export async function train(options: TrainOptions): Promise<Trained> {
  const run = begin(options);
  const { objective, sampler, total, step, validation, groups, settings } = run;
  let snapshot = run.start;
  if (options.resume) snapshot = readCheckpoint(options.resume, snapshot, settings);
  const save = async () => options.checkpoint?.save(writeCheckpoint(snapshot, settings));
  const breathe = breather("training", options);
  const { patience = Number.POSITIVE_INFINITY } = options.earlyStopping ?? {};
  const isTired = ({ best, history }: Snapshot["position"]) => best !== null && history.length - best.epoch >= patience;

  let activeIn = -1;
  let active: Float64Array = new Float64Array();
  while (snapshot.position.step < total && !isTired(snapshot.position)) {
    try {
      const pause = breathe(snapshot.position.step, total);
      if (pause) await pause;
    } catch (reason) {
      await save();
      throw reason;
    }
    const { position } = snapshot;
    const epoch = Math.floor(position.step / sampler.stepsInEpoch);
    if (epoch !== activeIn) [activeIn, active] = [epoch, activeTasks(objective, epoch)];
    const before = position.step % sampler.stepsInEpoch === 0 ? settled(run, snapshot.state, epoch) : snapshot.state;
    const draw = (offset: number) => batchOf(groups, sampler.rowsAt(position.step + offset * total));
    const batch = draw(0);
    const independent = options.balancer?.needs.independentBatch ? ([draw(1), draw(2)] as const) : undefined;
    const stepped = step(before, batch, active, independent);
    if (!stepped.finite) {
      await save();
      const error = diagnose(objective, before, batch, position.step, () => step(before, batch, active, independent));
      const { parameters, layers } = before;
      error.lastGood = { objective, parameters, layers, scalings: run.scalings };
      throw error;
    }
    const done = position.step + 1;
    const named = (values: ArrayLike<number>) => record(objective.tasks, (_, t) => values[t]!);
    const { losses, weights } = stepped;
    options.onStep?.({
      step: done,
      epoch: epoch + 1,
      losses: named(losses),
      ...(weights && { weights: named(weights) }),
    });
    const sums = position.sums.map((sum, t) => sum + losses[t]!);
    const weightSums = weights ? Array.from(weights, (weight, t) => weight + (position.weightSums[t] ?? 0)) : [];
    snapshot = { ...snapshot, state: stepped.state, position: { ...position, step: done, sums, weightSums } };
    if (done % sampler.stepsInEpoch === 0 || done === total) {
      snapshot = endEpoch(run, snapshot, epoch, active, batch);
      options.onEpoch?.(snapshot.position.history.at(-1)!);
    }
    const { everySteps = sampler.stepsInEpoch } = options.checkpoint ?? {};
    if (done % everySteps === 0 || done === total) await save();
  }
  options.onProgress?.({ stage: "training", done: total, total });
  const { history, step: steps } = snapshot.position;
  const { parameters, layers } = options.earlyStopping && validation ? snapshot.best : snapshot.state;
  const stopped = isTired(snapshot.position) ? "early" : "finished";
  return { objective, parameters, layers, scalings: run.scalings, history, stopped, steps };
}

interface Run {
  readonly objective: Objective;
  readonly sampler: Sampler;
  /** Steps in all. */
  readonly total: number;
  readonly step: Step;
  readonly seed: number;
  readonly groups: readonly PreparedGroup[];
  readonly validation:
    | { readonly data: Dataset; readonly groups: readonly PreparedGroup[]; readonly scalings: Named<Scaling> }
    | undefined;
  readonly scalings: Named<Scaling>;
  readonly settings: Settings;
  readonly start: Snapshot;
  readonly forward: Forward;
  readonly probe: Probe | undefined;
}

function begin(options: TrainOptions): Run {
  const { objective, data, batchSize = 32, temperature = 1, seed = 0, dtype = "float32", balancer, wrap } = options;
  checkDataset(objective, data);
  if (options.validation) checkDataset(objective, options.validation);
  else if (options.earlyStopping) throw new InputError("train: earlyStopping needs validation rows");
  if (balancer?.kind === "losses" && objective.tasks.some((t) => (objective.kinds[t]!.settle?.afterEpoch ?? 0) > 0))
    throw new InputError(
      `train: ${balancer.name} weighs losses, and that of a clustering in its warm-up does not count yet; set warmUp to 0 or use a method that weighs gradients`,
    );
  const scalings = fitScalings(objective, data);
  const groups = prepare(objective, data, scalings, dtype);
  const sampler = createSampler({ rows: groups.map(({ rows }) => rows), batchSize, temperature, seed });
  const [initial, training] = splitKey(randomKey(seed)) as [Tensor, Tensor];
  const { parameters, state: layers } = objective.initialise(initial, dtype);
  const state: TrainingState = {
    parameters,
    layers,
    optimizer: options.optimizer.start(parameters),
    balance: startBalancer(balancer, objective, parameters.model.shared),
    penalties: objective.penalties.map((penalty) => penalty.start(parameters)),
    key: training,
  };
  const validation = options.validation && {
    data: options.validation,
    groups: prepare(objective, options.validation, scalings, dtype),
    scalings,
  };
  return {
    objective,
    sampler,
    total: totalSteps(options, sampler),
    step: createStep(options),
    seed,
    groups,
    validation,
    scalings,
    settings: {
      model: objective.model.description,
      tasks: record(objective.tasks, (task) => objective.kinds[task]!.description),
      weights: [...objective.weights.toTypedArray()],
      penalties: objective.penalties.map(({ name }) => name),
      optimizer: options.optimizer.name,
      balancer: balancer?.name ?? null,
      clipNorm: options.clipNorm ?? null,
      rows: groups.map(({ rows }) => rows),
      "the data's fingerprint": fingerprint(groups),
      batchSize,
      temperature: String(temperature),
      seed,
      dtype,
      trackGradients: options.trackGradients ?? false,
    },
    start: {
      state,
      best: { parameters, layers },
      position: { step: 0, sums: objective.tasks.map(() => 0), weightSums: [], history: [], best: null },
    },
    forward: createForward(objective, wrap),
    probe: options.trackGradients ? createProbe(objective, wrap) : undefined,
  };
}

function totalSteps({ epochs, steps }: TrainOptions, { stepsInEpoch }: Sampler): number {
  if ((epochs === undefined) === (steps === undefined)) throw new InputError("train: give either epochs or steps");
  const count = steps ?? epochs!;
  if (!Number.isInteger(count) || count < 0)
    throw new InputError(`train: ${steps === undefined ? "epochs" : "steps"} must be a whole number, not ${count}`);
  return steps ?? count * stepsInEpoch;
}

function startBalancer(balancer: Balancer | undefined, { tasks }: Objective, shared: Structure): Structure {
  if (!balancer) return {};
  // Spelled out: the compiler gives up on the union of all the methods' states.
  const method = balancer as { start(tasks: number, shared: Structure): Structure };
  return method.start(tasks.length, shared);
}

const activeTasks = ({ tasks, kinds }: Objective, epoch: number): Float64Array =>
  Float64Array.from(tasks, (task) => ((kinds[task]!.settle?.afterEpoch ?? 0) > epoch ? 0 : 1));

/** Sets the numbers of the kinds whose warm-up ends with this epoch. */
function settled({ objective, groups, seed, forward }: Run, state: TrainingState, epoch: number): TrainingState {
  let { kinds } = state.parameters;
  for (const { x, targets } of groups)
    for (const task of Object.keys(targets)) {
      const settle = objective.kinds[task]!.settle;
      if (settle?.afterEpoch !== epoch) continue;
      const output = forward(state.parameters, state.layers, x, [task])[task]!;
      kinds = { ...kinds, [task]: settle.parameters(output, kinds[task]!, seed) };
    }
  return kinds === state.parameters.kinds ? state : { ...state, parameters: { ...state.parameters, kinds } };
}

function endEpoch(run: Run, snapshot: Snapshot, epoch: number, active: Float64Array, batch: Batch): Snapshot {
  const { objective, sampler, validation, forward, probe } = run;
  const { position } = snapshot;
  const penalties = objective.penalties.map(
    (penalty, k) =>
      penalty.refresh?.(snapshot.state.parameters, snapshot.state.penalties[k]!) ?? snapshot.state.penalties[k]!,
  );
  const state = { ...snapshot.state, penalties };
  const steps = position.step - epoch * sampler.stepsInEpoch;
  const losses = record(objective.tasks, (_, t) => position.sums[t]! / steps);
  const found = validation && validate(objective, state.parameters, state.layers, validation, active, forward);
  const weights = record(objective.tasks, (_, t) => position.weightSums[t]! / steps);
  const entry: EpochRecord = {
    ...{ epoch: epoch + 1, step: position.step, losses },
    ...(found && { validation: found }),
    ...(position.weightSums.length > 0 && { weights }),
    ...(probe && { gradients: probe(state, batch) }),
  };
  // Totals before all tasks count are not comparable with those after.
  const counts = active.every((value) => value === 1);
  const isBest = found !== undefined && counts && found.total < (position.best?.total ?? Number.POSITIVE_INFINITY);
  return {
    state,
    best: isBest || !found ? { parameters: state.parameters, layers: state.layers } : snapshot.best,
    position: {
      step: position.step,
      sums: objective.tasks.map(() => 0),
      weightSums: [],
      history: [...position.history, entry],
      best: isBest ? { epoch: epoch + 1, total: found.total } : position.best,
    },
  };
}
