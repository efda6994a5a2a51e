import { leaves, mapLeaves, randomKey, splitKey, type Tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { InputError } from "../errors.js";
import { type Named, record } from "../models/encoder.js";
import type { Scaling } from "../objective/kind.js";
import type { Objective } from "../objective/objective.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { activity } from "./advance.js";
import { createDraw, type Draw } from "./batches.js";
import type { Settings } from "./checkpoint.js";
import { checkDataset, type Dataset, fingerprint, fitScalings, type PreparedGroup, prepare } from "./data.js";
import { startBalance } from "./known-losses.js";
import type { TrainOptions } from "./options.js";
import { createForward, type Forward } from "./outputs.js";
import { createProbe, type Probe } from "./probe.js";
import { createSampler, type Sampler } from "./sampler.js";
import { type Carrier, copyOf, createCarrier, type TrainingState } from "./state.js";
import { createStep, type Step } from "./step.js";

/** All that stays the same from step to step. */
export interface Run {
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
  /** What must be the same for training to be resumed. */
  readonly settings: () => Settings;
  /** What training starts with unless it is resumed. */
  readonly initial: TrainingState;
  /** For each epoch a 1 for each task that counts in it. */
  readonly active: (epoch: number) => Float64Array;
  readonly forward: Forward;
  readonly probe: Probe | undefined;
}

/** @throws InputError for options or data that do not fit. */
export function begin(options: TrainOptions): Run {
  const { objective, data, batchSize = 32, temperature = 1, seed = 0, dtype = "float32" } = options;
  const { balancer, wrap = compile } = options;
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
  const initial = initialState(options);
  const carrier = createCarrier(initial);
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
    remembers: leaves("train", initial.layers).length > 0,
    seed,
    groups,
    validation,
    scalings,
    settings: () => settingsOf({ ...options, batchSize, temperature, seed, dtype }, groups),
    initial,
    active: activity(objective),
    forward: createForward(objective, wrap),
    probe: options.trackGradients ? createProbe(objective, wrap) : undefined,
  };
}

/** In memory of its own, each time: steps write to it, and layers may give what they keep. */
export function initialState({ objective, optimizer, balancer, seed = 0, dtype }: TrainOptions): TrainingState {
  const [own, key] = splitKey(randomKey(seed)) as [Tensor, Tensor];
  const given = objective.initialise(own, dtype);
  const parameters = mapLeaves("train", given.parameters, copyOf);
  return {
    parameters,
    layers: mapLeaves("train", given.state, copyOf),
    optimizer: optimizer.start(parameters),
    balance: balancer ? startBalance(balancer, objective.tasks.length, parameters.model.shared) : {},
    penalties: objective.penalties.map((penalty) => penalty.start(parameters)),
    key,
  };
}

type Settled = TrainOptions & Required<Pick<TrainOptions, "batchSize" | "temperature" | "seed" | "dtype">>;

function settingsOf(
  { objective, optimizer, balancer, ...options }: Settled,
  groups: readonly PreparedGroup[],
): Settings {
  return {
    model: objective.model.description,
    tasks: record(objective.tasks, (task) => objective.kinds[task]!.description),
    weights: [...objective.weights.toTypedArray()],
    penalties: objective.penalties.map(({ name }) => name),
    optimizer: optimizer.name,
    balancer: balancer?.name ?? null,
    clipNorm: options.clipNorm ?? null,
    rows: groups.map(({ rows }) => rows),
    "the data's fingerprint": fingerprint(groups),
    batchSize: options.batchSize,
    temperature: String(options.temperature),
    seed: options.seed,
    dtype: options.dtype,
    trackGradients: options.trackGradients ?? false,
  };
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
