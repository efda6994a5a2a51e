import {
  adam,
  adamW,
  type Balancer,
  balance,
  caGrad,
  correlationSoftmax,
  cosmos,
  dbMtl,
  dualProj,
  dynamicWeightAverage,
  equalWeighting,
  excessMtl,
  fairGrad,
  famo,
  gradDrop,
  gradNorm,
  gradVac,
  imtlLoss,
  krum,
  moCo,
  moDo,
  nashMtl,
  pcGrad,
  penaltyBoundaryIntersection,
  randomWeighting,
  sdmGrad,
  smoothTchebycheff,
  trimmedMean,
  uncertaintyWeighting,
  upGrad,
} from "@kinship/mtl";
import type { Structure } from "@kinship/tensor";
import { expect, test } from "vitest";
import { combine, type Rows, tensorsOf } from "../support/jacobians.js";

// What each method does where nothing is asked for: the values that its documentation states.
const stated: readonly (readonly [Balancer, Balancer])[] = [
  [equalWeighting(), equalWeighting({ reduction: "mean" })],
  [randomWeighting(), randomWeighting({ seed: 0 })],
  [uncertaintyWeighting(), uncertaintyWeighting({ optimizer: adam({ learningRate: 0.025 }) })],
  [imtlLoss(), imtlLoss({ optimizer: adam({ learningRate: 0.025 }) })],
  [dynamicWeightAverage(), dynamicWeightAverage({ temperature: 2, every: 1 })],
  [smoothTchebycheff(), smoothTchebycheff({ smoothness: 1, preference: [1, 1, 1, 1], ideal: [0, 0, 0, 0] })],
  [penaltyBoundaryIntersection(), penaltyBoundaryIntersection({ penalty: 5, preference: [1, 1, 1, 1] })],
  [cosmos({ preference: [1, 2, 3, 4] }), cosmos({ preference: [1, 2, 3, 4], alignment: 1 })],
  [famo(), famo({ optimizer: adamW({ learningRate: 0.025, weightDecay: 0.01 }), lowerBound: 0 })],
  [pcGrad(), pcGrad({ seed: 0 })],
  [gradVac(), gradVac({ seed: 0, rate: 0.01 })],
  [caGrad(), caGrad({ radius: 0.5 })],
  [nashMtl(), nashMtl({ maximumLength: 1 })],
  [fairGrad(), fairGrad({ alpha: 1 })],
  [upGrad(), upGrad({ regularization: 0 })],
  [dualProj(), dualProj({ regularization: 0 })],
  [gradNorm(), gradNorm({ alpha: 1.5, optimizer: adam({ learningRate: 0.025 }) })],
  [moDo(), moDo({ rate: 0.1, regularization: 0 })],
  [sdmGrad(), sdmGrad({ preference: 0.6, rate: 0.1 })],
  [krum(), krum({ faulty: 1, selected: 1 })],
  [correlationSoftmax(), correlationSoftmax({ temperature: 0.5, memory: 0.9 })],
  [gradDrop(), gradDrop({ seed: 0 })],
  [moCo(), moCo({ tracking: 0.5, rate: 0.1, regularization: 0 })],
  [dbMtl(), dbMtl({ memory: 0.9 })],
  [excessMtl(), excessMtl({ rate: 0.01 })],
  [trimmedMean(), trimmedMean({ trim: 1 })],
];

/** The directions of four rounds, over which all that a method remembers has its say. */
function rounds(method: Balancer): number[][] {
  const at = (round: number): Rows =>
    Array.from({ length: 4 }, (_, i) =>
      Array.from({ length: 5 }, (_, k) => Math.sin(1 + 2.3 * i + k * k + 1.7 * round)),
    );
  let state: Structure =
    method.kind === "jacobian" ? method.start(4, tensorsOf(at(0))[0]!) : (method.start(4) as Structure);
  return [0, 1, 2, 3].map((round) => {
    const losses = [0, 1, 2, 3].map((i) => 1 + i + Math.cos(i + round));
    if (method.kind === "losses") {
      const found = method.weigh(state, losses);
      state = method.observe?.(found.state, [0.7, 2, 1.5, 4]) ?? found.state;
      return combine(found.weights, at(round));
    }
    const [gradients, ...independent] = [0, 10, 20].map((shift) => tensorsOf(at(round + shift)));
    const found = balance(method, state, {
      gradients: gradients!,
      losses,
      independent: [independent[0]!, independent[1]!],
    });
    state = found.state;
    return [...found.direction.toTypedArray()];
  });
}

test.each(stated.map(([method, explicit]) => [method.name, method, explicit] as const))(
  "%s does by default what its documentation states",
  (_, method, explicit) => {
    expect(rounds(method)).toEqual(rounds(explicit));
  },
);
