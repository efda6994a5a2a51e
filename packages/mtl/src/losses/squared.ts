import type { Loss } from "./loss.js";

/** ℓ(z, y) = (z − y)². */
export function squared(): Loss {
  return {
    name: "squared",
    source: "Gauss, Theoria motus, 1809",
    parameters: {},
    outputs: 1,
    labels: "a finite number",
    accepts: Number.isFinite,
    value: (z, at, y) => (z[at]! - y) ** 2,
    gradient(z, at, y, out) {
      out[at] = 2 * (z[at]! - y);
    },
    curve(_z, at, _y, v, out) {
      out[at] = 2 * v[at]!;
    },
    curvature: 2,
    quadratic: true,
    conjugate: (u, at, y) => u[at]! * (u[at]! / 4 + y),
    link() {},
  };
}
