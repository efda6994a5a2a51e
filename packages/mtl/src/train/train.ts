import { leaves, mapLeaves, randomKey, type Structure, splitKey, type Tensor, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import type { Balancer } from "../balance/balancer.js";
import { InputError } from "../errors.js";
import type { Floating } from "../layers/layer.js";
import { breather, type RunControl } from "../linear/run-control.js";
import { type Named, record } from "../models/encoder.js";
import type { Scaling } from "../objective/kind.js";
import type { Batch, Objective } from "../objective/objective.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { createDraw, type Draw } from "./batches.js";
import { readCheckpoint, type Settings, type Snapshot, writeCheckpoint } from "./checkpoint.js";
import { checkDataset, type Dataset, fingerprint, fitScalings, type PreparedGroup, prepare } from "./data.js";
import { diagnose } from "./diagnose.js";
import { startBalance } from "./known-losses.js";
import { createForward, type Forward } from "./outputs.js";
import { createProbe, type Probe } from "./probe.js";
import type { EpochRecord, Position, StepEvent } from "./progress.js";
import { createSampler, type Sampler } from "./sampler.js";
import { type Carried, type Carrier, createCarrier, type TrainingState } from "./state.js";
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
  /** Wraps what a step computes: `compile` unless given. `(f) => f` computes operation by operation. */
  readonly wrap?: Wrap;
}

export interface Trained {
  readonly objective: Objective;
  /** With validation and early stopping those of the best epoch, else the last. */
  readonly parameters: TrainingState["parameters"];
  readonly layers: Structure;
  /** After the last step: what the optimizer remembers, such as the average that `averaging` keeps. */
  readonly optimizer: TrainingState["optimizer"];
  /** What the kinds learned from the training labels: how predictions go back to the labels' units. */
  readonly scalings: Named<Scaling>;
  readonly history: readonly EpochRecord[];
  /** The epoch, counted from 1, after which the parameters were as they are here; 0 where nothing was trained. */
  readonly kept: number;
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
  const { objective, sampler, total, step, validation, settings, draws, carrier } = run;
  const start = options.resume ? readCheckpoint(new Uint8Array(options.resume), run.start, settings) : run.start;
  const { position } = start;
  let state = carrier.ofRecords(start.state);
  let best: Snapshot["best"] | null = position.best && start.best;
  const save = async () =>
    options.checkpoint?.save(
      writeCheckpoint({ state: state.records, best: best ?? bestOf(state.records), position }, settings),
    );
  const breathe = breather("training", options);
  const { patience = Number.POSITIVE_INFINITY } = options.earlyStopping ?? {};
  const isTired = () => position.best !== null && position.history.length - position.best.epoch >= patience;
  const named = (values: ArrayLike<number>) => record(objective.tasks, (_, t) => values[t]!);

  let activeIn = -1;
  let active: Float64Array = new Float64Array();
  let spare: readonly Tensor[] | undefined;
  while (position.step < total && !isTired()) {
    try {
      const pause = breathe(position.step, total);
      if (pause) await pause;
    } catch (reason) {
      await save();
      throw reason;
    }
    const epoch = Math.floor(position.step / sampler.stepsInEpoch);
    if (epoch !== activeIn) [activeIn, active] = [epoch, activeTasks(objective, epoch, active)];
    if (position.step % sampler.stepsInEpoch === 0) state = settled(run, state, epoch);
    const [batch, ...others] = draws.map((draw, k) => draw(sampler.rowsAt(position.step + k * total)));
    const input = {
      ...{ batch: batch!, active },
      ...(others.length === 2 && { independent: others as unknown as readonly [Batch, Batch] }),
    };
    const stepped = step(state, spare ? { ...input, spare } : input);
    if (!stepped.finite) {
      await save();
      const error = diagnose(objective, state.records, batch!, position.step, () => step(state, input));
      const { parameters, layers } = state.records;
      error.lastGood = { objective, parameters, layers, scalings: run.scalings };
      throw error;
    }
    const { losses, weights } = stepped;
    position.step++;
    addTo(position.sums, losses, position.counts);
    if (weights) addTo(position.weightSums, weights);
    options.onStep?.({
      step: position.step,
      epoch: epoch + 1,
      losses: named(losses),
      ...(weights && { weights: named(weights) }),
    });
    spare = state.list;
    state = run.remembers ? outlasting(run, stepped.state) : stepped.state;
    const isLast = position.step === total;
    if (isLast || position.step % sampler.stepsInEpoch === 0) {
      state = refreshed(run, state);
      if (endEpoch(run, position, state, epoch, active, batch!))
        best = mapLeaves("train", bestOf(state.records), copyOf);
      state = observed(run, state, position.history.at(-1)!);
      options.onEpoch?.(position.history.at(-1)!);
    }
    const { everySteps = sampler.stepsInEpoch } = options.checkpoint ?? {};
    if (options.checkpoint && (isLast || position.step % everySteps === 0)) await save();
  }
  options.onProgress?.({ stage: "training", done: total, total });
  const { history, step: steps } = position;
  const goesBack = options.earlyStopping && validation && best;
  const { parameters, layers } = goesBack || state.records;
  const { optimizer } = state.records;
  const kept = goesBack ? position.best!.epoch : history.length;
  const stopped = isTired() ? "early" : "finished";
  return { objective, parameters, layers, optimizer, scalings: run.scalings, history, kept, stopped, steps };
}

const copyOf = (x: Tensor): Tensor => tensor(x.toTypedArray(), { shape: x.shape });

const bestOf = ({ parameters, layers }: TrainingState): Snapshot["best"] => ({ parameters, layers });

/** Layers may remember what they were given itself; a batch's memory is written to at the next step. */
function outlasting({ carrier, draws }: Run, { records }: Carried): Carried {
  const layers = draws.reduce((kept, draw) => draw.detached(kept), records.layers);
  return carrier.ofRecords({ ...records, layers });
}

/** Sums and counts of the values that are known. */
function addTo(sums: number[], values: ArrayLike<number>, counts: number[] = []): void {
  for (let t = 0; t < values.length; t++) {
    const isKnown = !Number.isNaN(values[t]);
    sums[t] = (sums[t] ?? 0) + (isKnown ? values[t]! : 0);
    counts[t] = (counts[t] ?? 0) + (isKnown ? 1 : 0);
  }
}

interface Run {
  readonly objective: Objective;
  readonly optimizer: Optimizer;
  readonly sampler: Sampler;
  /** Steps in all. */
  readonly total: number;
  readonly step: Step;
  readonly carrier: Carrier;
  /** The step's batch, then those of balancers that need two more. */
  readonly draws: readonly Draw[];
  /** Whether any layer has a state. */
  readonly remembers: boolean;
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
  const {
    objective,
    data,
    batchSize = 32,
    temperature = 1,
    seed = 0,
    dtype = "float32",
    balancer,
    wrap = compile,
  } = options;
  checkDataset(objective, data);
  if (options.validation) checkDataset(objective, options.validation);
  else if (options.earlyStopping) throw new InputError("train: earlyStopping needs validation rows");
  requirePositiveWhole("earlyStopping.patience", options.earlyStopping?.patience);
  requirePositiveWhole("checkpoint.everySteps", options.checkpoint?.everySteps);
  if (balancer?.kind === "losses" && objective.tasks.some((t) => (objective.kinds[t]!.settle?.afterEpoch ?? 0) > 0))
    throw new InputError(
      `train: ${balancer.name} weighs losses, and that of a clustering in its warm-up does not count yet; set warmUp to 0 or use a method that weighs gradients`,
    );
  const scalings = fitScalings(objective, data);
  const groups = prepare(objective, data, scalings, dtype);
  const sampler = createSampler({ rows: groups.map(({ rows }) => rows), batchSize, temperature, seed });
  const batches = balancer?.kind === "gramian" && balancer.needs.independentBatch ? 3 : 1;
  const [initial, training] = splitKey(randomKey(seed)) as [Tensor, Tensor];
  const { parameters, state: layers } = initialise(objective, initial, dtype);
  const state: TrainingState = {
    parameters,
    layers,
    optimizer: options.optimizer.start(parameters),
    balance: balancer ? startBalance(balancer, objective.tasks.length, parameters.model.shared) : {},
    penalties: objective.penalties.map((penalty) => penalty.start(parameters)),
    key: training,
  };
  const carrier = createCarrier(state);
  const validation = options.validation && {
    data: options.validation,
    groups: prepare(objective, options.validation, scalings, dtype),
    scalings,
  };
  return {
    objective,
    optimizer: options.optimizer,
    sampler,
    total: totalSteps(options, sampler),
    step: createStep({ ...options, wrap }, carrier),
    draws: Array.from({ length: batches }, () => createDraw(groups, sampler.counts)),
    carrier,
    remembers: leaves("train", layers).length > 0,
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
      position: { step: 0, sums: [], counts: [], weightSums: [], history: [], best: null },
    },
    forward: createForward(objective, wrap),
    probe: options.trackGradients ? createProbe(objective, wrap) : undefined,
  };
}

/** Copies: steps write to their state's memory, and layers may give what they keep. */
function initialise(objective: Objective, key: Tensor, dtype: Floating) {
  const { parameters, state } = objective.initialise(key, dtype);
  return { parameters: mapLeaves("train", parameters, copyOf), state: mapLeaves("train", state, copyOf) };
}

function requirePositiveWhole(what: string, value = 1): void {
  if (!Number.isInteger(value) || value < 1)
    throw new InputError(`train: ${what} must be a whole number of at least 1, not ${value}`);
}

function totalSteps({ epochs, steps }: TrainOptions, { stepsInEpoch }: Sampler): number {
  if ((epochs === undefined) === (steps === undefined)) throw new InputError("train: give either epochs or steps");
  const count = steps ?? epochs!;
  if (!Number.isInteger(count) || count < 0)
    throw new InputError(`train: ${steps === undefined ? "epochs" : "steps"} must be a whole number, not ${count}`);
  return steps ?? count * stepsInEpoch;
}

/** A 1 for each task that counts in an epoch; the array before where it is the same. */
function activeTasks({ tasks, kinds }: Objective, epoch: number, before: Float64Array): Float64Array {
  const counts = (t: number) => ((kinds[tasks[t]!]!.settle?.afterEpoch ?? 0) > epoch ? 0 : 1);
  let isSame = before.length === tasks.length;
  for (let t = 0; t < tasks.length; t++) isSame &&= before[t] === counts(t);
  return isSame ? before : Float64Array.from(tasks, (_, t) => counts(t));
}

/** Sets the numbers of the kinds whose warm-up ends with this epoch. */
function settled({ objective, groups, seed, forward, carrier }: Run, state: Carried, epoch: number): Carried {
  const due = objective.tasks.filter((task) => objective.kinds[task]!.settle?.afterEpoch === epoch);
  if (due.length === 0) return state;
  const { records } = state;
  let { kinds } = records.parameters;
  for (const { x, targets } of groups)
    for (const task of due.filter((name) => name in targets)) {
      const output = forward(records.parameters, records.layers, x, [task])[task]!;
      kinds = { ...kinds, [task]: objective.kinds[task]!.settle!.parameters(output, kinds[task]!, seed) };
    }
  return carrier.ofRecords({ ...records, parameters: { ...records.parameters, kinds } });
}

/** What penalties learn from an epoch's parameters. */
function refreshed({ objective, carrier }: Run, state: Carried): Carried {
  if (objective.penalties.length === 0) return state;
  const { records } = state;
  const penalties = objective.penalties.map(
    (penalty, k) => penalty.refresh?.(records.parameters, records.penalties[k]!) ?? records.penalties[k]!,
  );
  return carrier.ofRecords({ ...records, penalties });
}

/** What the optimizer makes of an epoch's loss: of the validation rows, or of those that train. */
function observed({ objective, optimizer, carrier }: Run, state: Carried, epoch: EpochRecord): Carried {
  if (!optimizer.observe) return state;
  const known = (task: string) => (Number.isNaN(epoch.losses[task]) ? 0 : epoch.losses[task]!);
  const trained = objective.tasks.reduce((sum, task, t) => sum + objective.weights.get(t) * known(task), 0);
  const { records } = state;
  const loss = epoch.validation?.total ?? trained;
  return carrier.ofRecords({ ...records, optimizer: optimizer.observe(records.optimizer, loss) });
}

/** Adds the epoch to the history. Whether it is the best so far by validation. */
function endEpoch(
  { objective, sampler, validation, forward, probe }: Run,
  position: Position,
  state: Carried,
  epoch: number,
  active: Float64Array,
  batch: Batch,
): boolean {
  const steps = position.step - epoch * sampler.stepsInEpoch;
  const means = (sums: readonly number[], count: (t: number) => number) =>
    record(objective.tasks, (_, t) => sums[t]! / count(t));
  const found =
    validation && validate(objective, state.records.parameters, state.records.layers, validation, active, forward);
  position.history.push({
    ...{ epoch: epoch + 1, step: position.step, losses: means(position.sums, (t) => position.counts[t]!) },
    ...(found && { validation: found }),
    ...(position.weightSums.length > 0 && { weights: means(position.weightSums, () => steps) }),
    ...(probe && { gradients: probe(state.records, batch) }),
  });
  position.sums = [];
  position.counts = [];
  position.weightSums = [];
  // Totals before all tasks count are not comparable with those after.
  if (!found || active.some((value) => value !== 1)) return false;
  if (!(found.total < (position.best?.total ?? Number.POSITIVE_INFINITY))) return false;
  position.best = { epoch: epoch + 1, total: found.total };
  return true;
}
