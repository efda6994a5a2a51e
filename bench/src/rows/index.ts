import { type Family, peakFamily } from "../harness/family.js";
import { cnnStep } from "./cnn.js";
import { derivatives } from "./derivatives.js";
import { chain, smallAddition } from "./elementwise.js";
import { smallGradient } from "./gradient.js";
import { knormFit } from "./knormFit.js";
import { knormGradient } from "./knormGradient.js";
import { multiTaskLasso } from "./lasso.js";
import { arithmetic, memory } from "./limits.js";
import { mlpStep } from "./mlp.js";
import { product } from "./product.js";
import { bundle, start } from "./programs.js";
import { softmax, sum } from "./reduction.js";
import { taskGradientRows } from "./taskGradients.js";
import { trainingLoop } from "./trainLoop.js";
import { twoValleys } from "./twoValleys.js";

/** The machine's limits come first: every other row is compared with them. */
export const limitFamilies: readonly Family[] = [arithmetic, memory];

const rowFamilies: readonly Family[] = [
  product,
  chain,
  sum,
  softmax,
  smallAddition,
  smallGradient,
  mlpStep,
  cnnStep,
  derivatives,
  trainingLoop,
  taskGradientRows,
  knormGradient,
  knormFit,
  multiTaskLasso,
  twoValleys,
  bundle,
  start,
  peakFamily(mlpStep, ["4 tasks, batch 64"], 100),
  peakFamily(chain, ["10⁶"], 20),
];

export const families: readonly Family[] = [...limitFamilies, ...rowFamilies];
