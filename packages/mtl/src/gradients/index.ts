export { type Affinity, gramianAffinity, taskAffinity } from "./affinity.js";
export { type ForwardGradientOptions, forwardGradients } from "./forward-gradients.js";
export { combineGradients, crossGramian, crossGramianTensor, gramian, gramianTensor, innerProduct } from "./gramian.js";
export { type Grouping, groupTasks } from "./grouping.js";
export { armijoSearch, type LinePoint, type LineSearchOptions, moveAlong, wolfeSearch } from "./line-search.js";
export { conditionNumber, conflictRate, gradientCosines, magnitudeSimilarity } from "./similarity.js";
export { type StepEffects, stepEffects } from "./step-effects.js";
export { type TaskGradients, type TaskLosses, taskGradients } from "./task-gradients.js";
export { type TaskGramian, taskGramian } from "./task-gramian.js";
