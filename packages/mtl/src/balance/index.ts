export { type Balanced, type BalanceInput, balance } from "./balance.js";
export type {
  Balancer,
  GramianBalancer,
  GramianInput,
  JacobianBalancer,
  JacobianInput,
  LossBalancer,
  Needs,
  Stateless,
  Weighed,
} from "./balancer.js";
export { balancers } from "./balancers.js";
export { alignedMtl } from "./gramian/aligned-mtl.js";
export { type CaGradOptions, caGrad } from "./gramian/ca-grad.js";
export { conFig } from "./gramian/con-fig.js";
export {
  type CorrelationSoftmaxOptions,
  type CorrelationState,
  correlationSoftmax,
  correlationWeights,
} from "./gramian/correlation-softmax.js";
export { dualProj } from "./gramian/dual-proj.js";
export { type FairGradOptions, fairGrad } from "./gramian/fair-grad.js";
export { type GradNormOptions, type GradNormState, gradNorm } from "./gramian/grad-norm.js";
export { type GradVacOptions, type GradVacState, gradVac } from "./gramian/grad-vac.js";
export { imtlGradient } from "./gramian/imtl-gradient.js";
export { type KrumOptions, krum } from "./gramian/krum.js";
export { mgda } from "./gramian/mgda.js";
export { type MoDoOptions, moDo } from "./gramian/mo-do.js";
export { type NashMtlOptions, nashMtl } from "./gramian/nash-mtl.js";
export { type OrderState, pcGrad, type RandomOptions } from "./gramian/pc-grad.js";
export { type SdmGradOptions, sdmGrad } from "./gramian/sdm-grad.js";
export type { SimplexState } from "./gramian/stochastic.js";
export { type DualConeOptions, upGrad } from "./gramian/up-grad.js";
export { type DbMtlOptions, type DbMtlState, dbMtl } from "./jacobian/db-mtl.js";
export { type ExcessMtlOptions, type ExcessState, excessMtl } from "./jacobian/excess-mtl.js";
export { gradDrop } from "./jacobian/grad-drop.js";
export { type MoCoOptions, type MoCoState, moCo } from "./jacobian/mo-co.js";
export { trimmedMean } from "./jacobian/trimmed-mean.js";
export { type CosmosOptions, cosmos } from "./losses/cosmos.js";
export {
  type DynamicWeightAverageOptions,
  dynamicWeightAverage,
  type LossHistory,
} from "./losses/dynamic-weight-average.js";
export { type FamoOptions, type FamoState, famo } from "./losses/famo.js";
export { type EqualWeightingOptions, equalWeighting, fixedWeighting } from "./losses/fixed-weighting.js";
export { geometricLoss } from "./losses/geometric-loss.js";
export { imtlLoss } from "./losses/imtl-loss.js";
export type { LearnedOptions, LearnedState } from "./losses/learned.js";
export { type PenaltyOptions, penaltyBoundaryIntersection } from "./losses/penalty-boundary-intersection.js";
export { randomWeighting } from "./losses/random-weighting.js";
export {
  type PreferenceOptions,
  type SmoothTchebycheffOptions,
  smoothTchebycheff,
} from "./losses/smooth-tchebycheff.js";
export { uncertaintyWeighting } from "./losses/uncertainty-weighting.js";
