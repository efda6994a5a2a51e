import type { Balancer } from "./balancer.js";
import { alignedMtl } from "./gramian/aligned-mtl.js";
import { caGrad } from "./gramian/ca-grad.js";
import { conFig } from "./gramian/con-fig.js";
import { correlationSoftmax } from "./gramian/correlation-softmax.js";
import { dualProj } from "./gramian/dual-proj.js";
import { fairGrad } from "./gramian/fair-grad.js";
import { gradNorm } from "./gramian/grad-norm.js";
import { gradVac } from "./gramian/grad-vac.js";
import { imtlGradient } from "./gramian/imtl-gradient.js";
import { krum } from "./gramian/krum.js";
import { mgda } from "./gramian/mgda.js";
import { moDo } from "./gramian/mo-do.js";
import { nashMtl } from "./gramian/nash-mtl.js";
import { pcGrad } from "./gramian/pc-grad.js";
import { sdmGrad } from "./gramian/sdm-grad.js";
import { upGrad } from "./gramian/up-grad.js";
import { dbMtl } from "./jacobian/db-mtl.js";
import { excessMtl } from "./jacobian/excess-mtl.js";
import { gradDrop } from "./jacobian/grad-drop.js";
import { moCo } from "./jacobian/mo-co.js";
import { trimmedMean } from "./jacobian/trimmed-mean.js";
import { dynamicWeightAverage } from "./losses/dynamic-weight-average.js";
import { famo } from "./losses/famo.js";
import { equalWeighting } from "./losses/fixed-weighting.js";
import { geometricLoss } from "./losses/geometric-loss.js";
import { imtlLoss } from "./losses/imtl-loss.js";
import { penaltyBoundaryIntersection } from "./losses/penalty-boundary-intersection.js";
import { randomWeighting } from "./losses/random-weighting.js";
import { smoothTchebycheff } from "./losses/smooth-tchebycheff.js";
import { uncertaintyWeighting } from "./losses/uncertainty-weighting.js";

/**
 * Every method that needs no options, by name: for comparing them all, and for choosing one by a word. (`fixedWeighting`
 * and `cosmos` need weights.) Importing this imports all of them.
 */
export const balancers = {
  equalWeighting,
  randomWeighting,
  uncertaintyWeighting,
  dynamicWeightAverage,
  geometricLoss,
  imtlLoss,
  smoothTchebycheff,
  famo,
  penaltyBoundaryIntersection,
  mgda,
  pcGrad,
  gradVac,
  caGrad,
  imtlGradient,
  nashMtl,
  alignedMtl,
  fairGrad,
  upGrad,
  dualProj,
  conFig,
  gradNorm,
  moDo,
  sdmGrad,
  krum,
  correlationSoftmax,
  gradDrop,
  moCo,
  dbMtl,
  excessMtl,
  trimmedMean,
} as const satisfies { readonly [name: string]: () => Balancer };
