import { InputError } from "../errors.js";
import { entropy, type Loss } from "./loss.js";

/**
 * Labels 0 … C − 1, one score a class: ℓ(z, y) = ln Σ_c e^{z_c} − z_y, the negative log-likelihood of softmax(z).
 * A class that a task has no row of is allowed if intercepts are penalised or absent.
 */
export function multinomial({ classes }: { readonly classes: number }): Loss {
  if (!Number.isInteger(classes) || classes < 2) {
    throw new InputError(`multinomial: classes must be a whole number from 2 on, not ${classes}`);
  }
  return {
    name: "multinomial",
    source: "Theil, A multinomial extension of the linear logit model, 1969",
    parameters: { classes },
    outputs: classes,
    labels: `a whole number from 0 to ${classes - 1}`,
    accepts: (y) => Number.isInteger(y) && y >= 0 && y < classes,
    lacks: (labels) => {
      for (let c = 0; c < classes; c++) if (!labels.has(c)) return `no row has label ${c}`;
      return null;
    },
    value: (z, at, y) => logSumExp(z, at, classes) - z[at + y]!,
    gradient(z, at, y, out) {
      softmaxInto(z, at, classes, out);
      // The label's own entry as minus the sum of the others: exact where its probability is nearly 1.
      let others = 0;
      for (let c = 0; c < classes; c++) if (c !== y) others += out[at + c]!;
      out[at + y] = -others;
    },
    curve(z, at, _y, v, out) {
      softmaxInto(z, at, classes, out);
      let mean = 0;
      for (let c = 0; c < classes; c++) mean += out[at + c]! * v[at + c]!;
      for (let c = 0; c < classes; c++) out[at + c] = out[at + c]! * (v[at + c]! - mean);
    },
    curvature: 1 / 2,
    quadratic: false,
    conjugate(u, at, y) {
      let total = 0;
      for (let c = 0; c < classes; c++) total += entropy(u[at + c]! + (c === y ? 1 : 0));
      return total;
    },
    link: (z, at) => softmaxInto(z, at, classes, z),
  };
}

function largest(z: Float64Array, at: number, classes: number): number {
  let most = z[at]!;
  for (let c = 1; c < classes; c++) most = Math.max(most, z[at + c]!);
  return most;
}

function logSumExp(z: Float64Array, at: number, classes: number): number {
  const most = largest(z, at, classes);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(z[at + c]! - most);
  return most + Math.log(sum);
}

function softmaxInto(z: Float64Array, at: number, classes: number, out: Float64Array): void {
  const most = largest(z, at, classes);
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    out[at + c] = Math.exp(z[at + c]! - most);
    sum += out[at + c]!;
  }
  for (let c = 0; c < classes; c++) out[at + c] = out[at + c]! / sum;
}
