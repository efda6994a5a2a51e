import type { EpochRecord, Measures, TrainingComparison } from "@kinship/mtl";
import type { ModelTask } from "../../train/data.js";
import type { TrainOptions } from "../../train/grammar.js";

/** Everything the report of a training shows, as plain data. */
export interface TrainingReport {
  /** The file or folder the rows came from, without where it lies. */
  readonly source: string;
  /** The command that makes the same report again. */
  readonly command: string;
  readonly version: string;
  readonly options: Pick<
    TrainOptions,
    "architecture" | "hidden" | "filters" | "balance" | "epochs" | "batch" | "rate" | "seed" | "patience"
  >;
  readonly tasks: readonly ModelTask[];
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly history: readonly EpochRecord[];
  readonly stopped: "finished" | "early";
  /** On the test rows. */
  readonly measures: Readonly<Record<string, Measures>>;
  readonly main: Readonly<Record<string, { readonly measure: string; readonly better: "higher" | "lower" }>>;
  readonly comparison: TrainingComparison | undefined;
  /** On the test rows. `predicted`: values, or a probability a class (of binary tasks that of the second). */
  readonly predictions: readonly {
    readonly task: string;
    readonly predicted: ArrayLike<number>;
    readonly actual: ArrayLike<number>;
  }[];
}
