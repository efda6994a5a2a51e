export {
  type CategoricalFeature,
  type Feature,
  fitPipeline,
  type NumericFeature,
  type Pipeline,
  type Schema,
  type Standardisation,
} from "./data/pipeline.js";
export { applyPipeline, type PreparedRows, tasksFromRows } from "./data/prepare.js";
export { createRandom, type Random } from "./data/random.js";
export { type FeatureColumns, inferSchema } from "./data/schema.js";
export { type Split, type SplitOptions, splitByTestRows, splitWithinTasks } from "./data/split.js";
export { type Cell, type Column, createTable, isMissing, type Table } from "./data/table.js";
export type { MatrixLike, StridedArray, Task, VectorLike } from "./data/tasks.js";
export { InputError } from "./errors.js";
export { type CompareOptions, type Comparison, compareModels, type FittedModel } from "./evaluate/comparison.js";
export { type ErrorMeasures, type Evaluation, evaluate, type TaskErrors } from "./evaluate/metrics.js";
export { type Relatedness, relatedness } from "./evaluate/relatedness.js";
export { type Gain, type TaskGain, type Transfer, type TransferOptions, transfer } from "./evaluate/transfer.js";
export { type CrossValidateOptions, type CrossValidation, crossValidate } from "./linear/cross-validate.js";
export { type FitOptions, fitKNorm } from "./linear/fit.js";
export { type Certificate, type InterceptMode, type LinearModel, nodeNames } from "./linear/model.js";
export { type PredictOptions, predict, predictRows, predictTask } from "./linear/predict.js";
export type { Progress, RunControl } from "./linear/run-control.js";
export type { PathPoint } from "./linear/search.js";
export { deserialize } from "./models/deserialize.js";
export { serialize } from "./models/serialize.js";
export { kinshipMatrix } from "./relations/explicit.js";
export { type GraphOptions, graphKinship } from "./relations/graph.js";
export { identityKinship } from "./relations/identity.js";
export type { Kinship, KinshipBuilder, PrecisionGraph } from "./relations/kinship.js";
export { matrixKinship } from "./relations/matrix.js";
export { meanKinship } from "./relations/mean.js";
export { parentsFromColumn } from "./relations/parents.js";
export { pooledKinship } from "./relations/pooled.js";
export { type TreeOptions, treeKinship } from "./relations/tree.js";
