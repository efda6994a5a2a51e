export * from "./balance/index.js";
export { type CrossCorrelation, crossCorrelation, crossProduct } from "./correlation/cross.js";
export { type CorrelationMeasure, outerCorrelation } from "./correlation/outer.js";
export { type SpectralGroupsOptions, spectralGroups } from "./correlation/spectral-groups.js";
export { correlationWeights } from "./correlation/weights.js";
export type { CategoricalFeature, Feature, NumericFeature } from "./data/features.js";
export type { Interactions } from "./data/interactions.js";
export { type Descriptors, fitPipeline, type Pipeline, type Schema } from "./data/pipeline.js";
export { applyPipeline, type PreparedRows, type PrepareOptions, tasksFromRows } from "./data/prepare.js";
export { createRandom, type Random } from "./data/random.js";
export { type FeatureColumns, inferSchema } from "./data/schema.js";
export { type Split, type SplitOptions, splitByTestRows, splitWithinTasks } from "./data/split.js";
export type { Standardisation } from "./data/standardise.js";
export { type Cell, type Column, createTable, isMissing, type Table } from "./data/table.js";
export type { MatrixLike, StridedArray, Task, VectorLike } from "./data/tasks.js";
export {
  type CompareTrainingOptions,
  compareTraining,
  singleTaskObjective,
  type TaskTransfer,
  type TrainingComparison,
} from "./deep/compare.js";
export { evaluateTasks, type FittedTasks, type PredictTasksOptions, predictTasks } from "./deep/predict.js";
export type { Constructors } from "./deep/registry.js";
export { chooseRows, foldRows, splitRows } from "./deep/rows.js";
export { loadModel, saveModel } from "./deep/save.js";
export {
  gridOf,
  logUniform,
  oneOf,
  randomChoices,
  type ScoredChoice,
  type SearchOptions,
  searchTraining,
} from "./deep/search.js";
export type { Interval } from "./deep/student.js";
export { InputError } from "./errors.js";
export { linearAffinity } from "./evaluate/affinity.js";
export { type Calibration, calibration, type ReliabilityBin } from "./evaluate/calibration.js";
export {
  accuracy,
  areaUnderCurve,
  confusionMatrix,
  f1Scores,
  logLoss,
  macroF1,
  mostLikely,
} from "./evaluate/classification.js";
export { adjustedRandIndex } from "./evaluate/clustering.js";
export { type CompareOptions, type Comparison, compareModels } from "./evaluate/comparison.js";
export { type Judgement, judge, type Measure } from "./evaluate/judge.js";
export { type ErrorMeasures, type Evaluation, evaluate, type TaskErrors } from "./evaluate/metrics.js";
export { type Relatedness, relatedness } from "./evaluate/relatedness.js";
export { type Gain, type TaskGain, type Transfer, type TransferOptions, transfer } from "./evaluate/transfer.js";
export type { Validation, ValidationPoint } from "./evaluate/validation.js";
export * from "./gradients/index.js";
export { type Activation, activation } from "./layers/activation.js";
export { type BatchNormOptions, batchNorm } from "./layers/batch-norm.js";
export { type ConvolutionLayerOptions, conv1dLayer, conv2dLayer } from "./layers/convolution.js";
export { type DenseOptions, type DenseParameters, dense } from "./layers/dense.js";
export { dropout } from "./layers/dropout.js";
export { type EmbeddingOptions, embeddingLayer } from "./layers/embedding.js";
export type { InitialiserName } from "./layers/initialisers.js";
export type { Applied, Context, Floating, Initialised, Json, Layer, LayerDescription, Shape } from "./layers/layer.js";
export { type LayerNormOptions, layerNorm } from "./layers/layer-norm.js";
export {
  avgPool1dLayer,
  avgPool2dLayer,
  globalAveragePool,
  maxPool1dLayer,
  maxPool2dLayer,
  type PoolingLayerOptions,
} from "./layers/pooling.js";
export { flattenLayer, reshapeLayer } from "./layers/reshaping.js";
export { residual } from "./layers/residual.js";
export { sequential } from "./layers/sequential.js";
export { countParameters, type SummaryRow, summary, summaryRows } from "./layers/summary.js";
export { type CrossValidateOptions, type CrossValidation, crossValidate } from "./linear/cross-validate.js";
export { type FitOptions, fitKNorm } from "./linear/fit.js";
export type { KinOptions, KinShares } from "./linear/kin.js";
export { type Certificate, type InterceptMode, type LinearModel, nodeNames } from "./linear/model.js";
export { type PredictOptions, predict, predictRows, predictTask } from "./linear/predict.js";
export type { Progress, RunControl } from "./linear/run-control.js";
export type { PathPoint } from "./linear/search.js";
export { interceptsTensor, weightsTensor } from "./linear/tensors.js";
export * from "./losses/index.js";
export {
  type CrossValidator,
  crossValidateDescribed,
  type DescribedCrossValidation,
} from "./methods/cross-validation.js";
export {
  type PartDescription,
  type PlainRegularizer,
  type RegularizerDescription,
  regularizerOf,
  type SingleDescription,
} from "./methods/describe.js";
export { methodOf } from "./methods/method-of.js";
export type { FittedModel } from "./methods/run.js";
export { linearMethods, type Method, type MethodName, type MethodSettings, suitableMethods } from "./methods/table.js";
export { type CrossStitchOptions, crossStitch } from "./models/cross-stitch.js";
export { deserialize } from "./models/deserialize.js";
export { type DSelectKOptions, dselectK, type SelectorEntropyOptions, selectorEntropy } from "./models/dselect-k.js";
export type { Encoded, Encoder, EncoderBuilder } from "./models/encoder.js";
export { film } from "./models/film.js";
export { hardSharing } from "./models/hard-sharing.js";
export { mmoe } from "./models/mmoe.js";
export {
  type Model,
  type ModelInputs,
  type ModelOptions,
  type ModelParameters,
  modelSummary,
  multiTaskModel,
} from "./models/model.js";
export { type AttentionStage, mtan } from "./models/mtan.js";
export { cgc, type ExtractionLevel, ple } from "./models/ple.js";
export { serialize } from "./models/serialize.js";
export { softSharing } from "./models/soft-sharing.js";
export type { Stem } from "./models/stems.js";
export { type BinaryOptions, binary } from "./objective/binary.js";
export { type ClusteringOptions, clustering } from "./objective/clustering.js";
export {
  type KNormOptions,
  type KNormOverOutputsOptions,
  kNormOverHeads,
  kNormOverOutputs,
  kNormOverTrunks,
} from "./objective/k-norm.js";
export type { Measures, TaskKind, TaskSpecification } from "./objective/kind.js";
export { type MulticlassOptions, multiclass } from "./objective/multiclass.js";
export {
  createObjective,
  type Objective,
  type ObjectiveOptions,
  type ObjectiveParameters,
} from "./objective/objective.js";
export type { Penalty } from "./objective/penalty.js";
export { type RegressionOptions, regression } from "./objective/regression.js";
export * from "./optimizers/index.js";
export * from "./regularizers/index.js";
export type { Penalty as RegularizerPenalty } from "./regularizers/regularizer.js";
export { covarianceKinship } from "./relations/covariance.js";
export { type DescribedOptions, describedKinship } from "./relations/described.js";
export {
  type DescriptorKernel,
  type DescriptorKinship,
  type DescriptorOptions,
  descriptorKinship,
  gaussianKernel,
  linearKernel,
} from "./relations/descriptor.js";
export { kinshipMatrix } from "./relations/explicit.js";
export { type GraphOptions, graphKinship } from "./relations/graph.js";
export { identityKinship } from "./relations/identity.js";
export type {
  KernelDescription,
  KinDescriptors,
  Kinship,
  KinshipBuilder,
  PrecisionGraph,
} from "./relations/kinship.js";
export {
  type CrossValidateLearnedOptions,
  crossValidateLearned,
} from "./relations/learned/cross-validate.js";
export { type FitLearnedOptions, fitLearned, type LearnedFit, type LearnedOptions } from "./relations/learned/fit.js";
export { matrixKinship } from "./relations/matrix.js";
export { meanKinship } from "./relations/mean.js";
export { parentsFromColumn } from "./relations/parents.js";
export { pooledKinship } from "./relations/pooled.js";
export { correlationKinship, type SimilarityOptions, similarityKinship } from "./relations/similarity.js";
export { type TreeOptions, treeKinship } from "./relations/tree.js";
export * from "./solvers/index.js";
export { type Dataset, sharedRows, type TaskRows, takeRows } from "./train/data.js";
export { NotFiniteError } from "./train/diagnose.js";
export type { Trained, TrainOptions } from "./train/options.js";
export type { EpochRecord, GradientRecord, StepEvent } from "./train/progress.js";
export type { Wrap } from "./train/step.js";
export { train } from "./train/train.js";
export {
  type IntervalOptions,
  type LinearPosterior,
  linearPosterior,
  type PosteriorOptions,
  type PredictionIntervalOptions,
} from "./uncertainty/posterior.js";
