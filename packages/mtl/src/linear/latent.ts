import type { PrecisionGraph } from "../relations/kinship.js";
import type { Forest } from "./forest.js";

/**
 * Where a penalty is zero, tasks are free and latent nodes are tied to nothing: they are given what the kinship
 * expects of them, E[w_latent | w_tasks], from P_ll w_l = −P_lt w_t. Fills component `i` of the latent nodes.
 */
export function interpolateLatent(
  graph: PrecisionGraph,
  forest: Forest,
  tasks: number,
  width: number,
  i: number,
  weights: Float64Array,
): void {
  const { order, parent, coupling } = forest;
  const pivots = graph.diagonal.slice();
  const sides = new Float64Array(graph.size);
  for (const node of order) {
    const above = parent[node]!;
    if (above < 0) continue;
    const [lower, upper] = [node >= tasks, above >= tasks];
    const strength = coupling[node]!;
    if (!lower && upper) sides[above]! -= strength * weights[node * width + i]!;
    else if (lower && !upper) sides[node]! -= strength * weights[above * width + i]!;
    if (lower && upper && pivots[node]! > 0) {
      pivots[above]! -= (strength * strength) / pivots[node]!;
      sides[above]! -= (strength * sides[node]!) / pivots[node]!;
    }
  }
  for (const node of [...order].reverse()) {
    if (node < tasks) continue;
    const above = parent[node]!;
    const pull = above >= tasks ? coupling[node]! * weights[above * width + i]! : 0;
    weights[node * width + i] = pivots[node]! > 0 ? (sides[node]! - pull) / pivots[node]! : 0;
  }
}
