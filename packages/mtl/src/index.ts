export type {
  CategoricalFeature,
  Feature,
  NumericFeature,
  Pipeline,
  Schema,
  Standardisation,
} from "./data/pipeline.js";
export type { Split } from "./data/split.js";
export { type Cell, type Column, columnNamed, createTable, isMissing, type Table } from "./data/table.js";
export type { MatrixLike, StridedArray, Task, VectorLike } from "./data/tasks.js";
export { InputError } from "./errors.js";
export type { CompareOptions, Comparison, FittedModel } from "./evaluate/comparison.js";
export type { ErrorMeasures, Evaluation, TaskErrors } from "./evaluate/metrics.js";
export type { Gain, TaskGain, Transfer } from "./evaluate/transfer.js";
export type {
  CrossValidateOptions,
  CrossValidation,
  PathPoint,
  Progress,
  RunControl,
} from "./linear/cross-validate.js";
export type { Certificate, InterceptMode, LinearModel } from "./linear/model.js";
export type { Kinship, KinshipBuilder, PrecisionGraph } from "./relations/kinship.js";
