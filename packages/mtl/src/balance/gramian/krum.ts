import { InputError } from "../../errors.js";
import type { GramianBalancer, Stateless } from "../balancer.js";
import { normalise } from "../normalise.js";
import { gramianMethod } from "./method.js";

export interface KrumOptions {
  /** f: how many gradients may be arbitrarily wrong. Default 1. */
  readonly faulty?: number;
  /** How many gradients are averaged. Default 1; more is the paper's Multi-Krum. */
  readonly selected?: number;
}

/**
 * Krum: the mean of the gradients that are closest to their m − f − 2 nearest others (P. Blanchard et al., NeurIPS 2017,
 * section 4). Against wrong gradients, not against conflict.
 */
export function krum({ faulty = 1, selected = 1 }: KrumOptions = {}): GramianBalancer<Stateless> {
  if (!Number.isInteger(faulty) || faulty < 0 || !Number.isInteger(selected) || selected < 1)
    throw new InputError(`krum: expected whole numbers faulty ≥ 0 and selected ≥ 1, found ${faulty} and ${selected}`);
  return gramianMethod("krum", (gramian) => {
    const { tasks, norms, cosines } = normalise("krum", gramian);
    if (tasks < faulty + 3 || tasks < selected)
      throw new InputError(
        `krum: ${faulty} faulty of which ${selected} are selected need at least ${Math.max(faulty + 3, selected)} tasks, found ${tasks}`,
      );
    const scores = Float64Array.from(norms, (length, i) => {
      // |a − b|² = (|a| − |b|)² + 2|a||b|(1 − cos): no cancellation between the lengths.
      const distances = norms
        .map((other, j) => (length - other) ** 2 + 2 * length * other * (1 - cosines[i * tasks + j]!))
        .filter((_, j) => j !== i)
        .sort();
      return distances.subarray(0, tasks - faulty - 2).reduce((total, distance) => total + distance, 0);
    });
    const weights = new Float64Array(tasks);
    const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b);
    for (const task of order.slice(0, selected)) weights[task] = 1 / selected;
    return { weights, residual: 0 };
  });
}
