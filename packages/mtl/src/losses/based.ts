import type { Loss } from "./loss.js";

/** ℓ(base + z, y): scores are counted from a base, so that a penalty on intercepts draws them to it and not to 0. */
export function basedLoss(loss: Loss, base: readonly number[]): Loss {
  const { outputs } = loss;
  const scores = new Float64Array(outputs);
  const direction = new Float64Array(outputs);
  const found = new Float64Array(outputs);
  const shift = (z: Float64Array, at: number): Float64Array => {
    for (let c = 0; c < outputs; c++) scores[c] = z[at + c]! + base[c]!;
    return scores;
  };
  return {
    ...loss,
    quadratic: false,
    value: (z, at, y) => loss.value(shift(z, at), 0, y),
    gradient(z, at, y, out) {
      loss.gradient(shift(z, at), 0, y, found);
      out.set(found, at);
    },
    curve(z, at, y, v, out) {
      for (let c = 0; c < outputs; c++) direction[c] = v[at + c]!;
      loss.curve(shift(z, at), 0, y, direction, found);
      out.set(found, at);
    },
    conjugate(u, at, y) {
      let moved = 0;
      for (let c = 0; c < outputs; c++) moved += u[at + c]! * base[c]!;
      return loss.conjugate(u, at, y) - moved;
    },
    link(z, at) {
      for (let c = 0; c < outputs; c++) z[at + c] = z[at + c]! + base[c]!;
      loss.link(z, at);
    },
  };
}

/**
 * The scores of one model for all rows without features: the best base there is. Half a row is added to each class, so
 * that none has probability 0. Null for losses of numbers, whose pipeline takes the mean off.
 */
export function baseScores({ name, outputs }: Loss, labels: ArrayLike<number>): number[] | null {
  const rows = labels.length;
  const count = (label: number) => Array.from(labels).reduce((sum, y) => sum + (y === label ? 1 : 0), 0.5);
  switch (name) {
    case "logistic":
      return [Math.log(count(1) / count(0))];
    case "multinomial":
      return Array.from({ length: outputs }, (_, c) => Math.log(count(c) / (rows + outputs / 2)));
    case "poisson":
      return [Math.log(Array.from(labels).reduce((sum, y) => sum + y / rows, 0.5 / rows))];
    default:
      return null;
  }
}
