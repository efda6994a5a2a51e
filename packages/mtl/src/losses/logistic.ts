import { entropy, type Loss } from "./loss.js";

/** 1 / (1 + e⁻ᶻ), to full precision in both tails. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const power = Math.exp(z);
  return power / (1 + power);
}

/** Labels 0 and 1: ℓ(z, y) = ln(1 + eᶻ) − y z, the negative log-likelihood of P(y = 1) = 1 / (1 + e⁻ᶻ). */
export function logistic(): Loss {
  return {
    name: "logistic",
    source: "Cox, The regression analysis of binary sequences, 1958",
    parameters: {},
    outputs: 1,
    labels: "0 or 1",
    accepts: (y) => y === 0 || y === 1,
    lacks: (labels) => {
      if (!labels.has(0)) return "no row has label 0";
      return labels.has(1) ? null : "no row has label 1";
    },
    value(z, at, y) {
      // ln(1 + e^±z), the sign of z turned so that the label is the likely one: no cancellation for large |z|.
      const margin = y === 1 ? -z[at]! : z[at]!;
      return Math.max(0, margin) + Math.log1p(Math.exp(-Math.abs(margin)));
    },
    gradient(z, at, y, out) {
      out[at] = y === 1 ? -sigmoid(-z[at]!) : sigmoid(z[at]!);
    },
    curve(z, at, _y, v, out) {
      out[at] = sigmoid(z[at]!) * sigmoid(-z[at]!) * v[at]!;
    },
    curvature: 1 / 4,
    quadratic: false,
    conjugate: (u, at, y) => entropy(y + u[at]!) + entropy(1 - y - u[at]!),
    link(z, at) {
      z[at] = sigmoid(z[at]!);
    },
  };
}
