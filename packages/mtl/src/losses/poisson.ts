import { entropy, type Loss } from "./loss.js";

/**
 * Counts and other values ≥ 0 with mean eᶻ: ℓ(z, y) = eᶻ − y z + y ln y − y, half the deviance: the negative
 * log-likelihood of Poisson's law, less that of the best mean, so that it is never negative. Its curvature has no bound, so scores that overflow count as an infinite loss and are stepped back from.
 */
export function poisson(): Loss {
  return {
    name: "poisson",
    source: "Nelder & Wedderburn, Generalized linear models, 1972",
    parameters: {},
    outputs: 1,
    labels: "a finite number ≥ 0",
    accepts: (y) => y >= 0 && Number.isFinite(y),
    lacks: (labels) => (labels.size === 1 && labels.has(0) ? "every row has label 0" : null),
    value: (z, at, y) => Math.exp(z[at]!) - y * z[at]! + (entropy(y) - y),
    gradient(z, at, y, out) {
      out[at] = Math.exp(z[at]!) - y;
    },
    curve(z, at, _y, v, out) {
      out[at] = Math.exp(z[at]!) * v[at]!;
    },
    curvature: Number.POSITIVE_INFINITY,
    quadratic: false,
    conjugate: (u, at, y) => entropy(y + u[at]!) - (y + u[at]!) - (entropy(y) - y),
    link(z, at) {
      z[at] = Math.exp(z[at]!);
    },
  };
}
