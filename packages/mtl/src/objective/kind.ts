import type { Structure, Tensor } from "@kinship/tensor";
import type { Floating, Json, Shape } from "../layers/layer.js";

/** Labels as the loss reads them. `mask` is 1 where a label is known, 0 where it is missing. */
export interface Target {
  readonly target: Tensor;
  readonly mask: Tensor;
}

export interface Graded {
  /** What the head gave, [batch, …]. */
  readonly output: Tensor;
  readonly target: Tensor;
  readonly mask: Tensor;
  /** The kind's own trained numbers. */
  readonly parameters: Structure;
}

/** What a kind learned from the training labels: scales. Saved with the model. */
export type Scaling = Structure;

/** How predictions measure up; NaN where a measure is not defined on these labels. */
export type Measures = { readonly [measure: string]: number };

export interface MainMeasure {
  readonly measure: string;
  readonly better: "higher" | "lower";
}

/**
 * What a task is: how its labels are read, its loss, its predictions, its measures. Plain data and functions; nothing
 * else in training or evaluation asks which kind it is.
 */
export interface TaskKind {
  readonly kind: string;
  readonly description: Json;
  /** Whether the task has no labels at all. */
  readonly unlabelled: boolean;
  /** The measure that tells better from worse, and which way. */
  readonly main: MainMeasure;
  /** What a relative gain is a part of, where that is not the main measure: a share explained may be near 0, or below. */
  readonly relative?: MainMeasure;
  /** @throws InputError where the head's output does not suit the task. */
  checkOutput(task: string, output: Shape): void;
  /** Trained numbers of the kind's own, such as centroids. */
  initialise(key: Tensor, output: Shape, dtype: Floating): Structure;
  /** Learns scales from training labels (float64, [n] or [n, …]; NaN is missing). @throws InputError for impossible labels. */
  fit(task: string, labels: Tensor): Scaling;
  encode(task: string, labels: Tensor, output: Shape, scaling: Scaling, dtype: Floating): Target;
  /** The mean over known labels; 0 where none is known. */
  loss(graded: Graded): Tensor;
  /** In the labels' units: values, probabilities, memberships. */
  predict(output: Tensor, parameters: Structure, scaling: Scaling): Tensor;
  measure(predicted: Tensor, labels: Tensor): Measures;
  /** Sets the kind's own numbers from the outputs for all training rows, when its warm-up ends. */
  readonly settle?: {
    readonly afterEpoch: number;
    parameters(outputs: Tensor, parameters: Structure, seed: number): Structure;
  };
}

/** One task in an objective. */
export interface TaskSpecification {
  readonly kind: TaskKind;
  /** The weight of the task's loss; 1 unless given. */
  readonly weight?: number;
}
