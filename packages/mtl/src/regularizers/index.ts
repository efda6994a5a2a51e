export { type ClusteredOptions, clustered } from "./clustered.js";
export { type DecompositionOptions, dirty, robust, sparseLowRank } from "./decompositions.js";
export { elasticNet } from "./elastic-net.js";
export { type GraphFusedOptions, graphFused, orderedTasks } from "./graph-fused.js";
export { jointFeatures } from "./joint-features.js";
export { kNorm } from "./k-norm.js";
export { lasso } from "./lasso.js";
export { maxNorms } from "./max-norms.js";
export { mtlFeat } from "./mtl-feat.js";
export {
  type AnyRegularizer,
  type Dual,
  dualNorm,
  type Penalty,
  type Regularizer,
  type Shape,
  type SplitRegularizer,
} from "./regularizer.js";
export { ridge } from "./ridge.js";
export { type SplitOptions, split, type Weighted } from "./split.js";
export { sumOfRegularizers } from "./sum.js";
export { taskNorms } from "./task-norms.js";
export { traceNorm } from "./trace-norm.js";
