import { InputError } from "../errors.js";
import type { Loss } from "./loss.js";

/**
 * Squares of small errors, absolute values of large ones: ℓ(z, y) = r² for r = z − y up to δ, 2δ|r| − δ² beyond.
 * δ (`threshold`) is in the target's units.
 */
export function huber({ threshold }: { readonly threshold: number }): Loss {
  // Less, and squares of gradients vanish.
  if (!(threshold >= 1e-60 && Number.isFinite(threshold))) {
    throw new InputError(
      `huber: threshold must be a finite number > 0 (and at least 1e-60), in the target's units, not ${threshold}`,
    );
  }
  return {
    name: "huber",
    source: "Huber, Robust estimation of a location parameter, 1964",
    parameters: { threshold },
    outputs: 1,
    labels: "a finite number",
    accepts: Number.isFinite,
    value(z, at, y) {
      const error = Math.abs(z[at]! - y);
      return error <= threshold ? error * error : threshold * (2 * error - threshold);
    },
    gradient(z, at, y, out) {
      out[at] = 2 * Math.max(-threshold, Math.min(threshold, z[at]! - y));
    },
    curve(z, at, y, v, out) {
      out[at] = Math.abs(z[at]! - y) <= threshold ? 2 * v[at]! : 0;
    },
    curvature: 2,
    quadratic: false,
    conjugate: (u, at, y) => u[at]! * (u[at]! / 4 + y),
    link() {},
  };
}
