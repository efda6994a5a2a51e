import type { Structure } from "@kinship/tensor";
import type { Balancer } from "../balance/balancer.js";
import type { Floating } from "../layers/layer.js";
import type { RunControl } from "../linear/run-control.js";
import type { Named } from "../models/encoder.js";
import type { Scaling } from "../objective/kind.js";
import type { Objective } from "../objective/objective.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import type { Dataset } from "./data.js";
import type { EpochRecord, StepEvent } from "./progress.js";
import type { TrainingState } from "./state.js";
import type { Wrap } from "./step.js";

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
