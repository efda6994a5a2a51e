import { cutForest, type ForestPlan, planEdges } from "./forest-cut.js";
import { createGraphCut } from "./graph-cut.js";

export interface WeightedEdge {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** The nodes that want more than their component's mean, by the least cut. */
export type Cut = (wish: Float64Array, step: number, cut: Uint8Array) => Uint8Array;

/**
 * argmin_u ½‖u − v‖² + step Σ_edges weight |u_a − u_b|, exactly: each connected piece takes its mean unless a minimum cut
 * shows that some of its nodes should rise together; then the edges between those and the rest pull with all they have,
 * and the pieces are solved alone (Hochbaum, An efficient algorithm for image segmentation, Markov random fields and
 * related problems, 2001; Chambolle & Darbon, On total variation minimization and surface evolution, 2009).
 * Cuts of forests (an order, a tree) are found by dynamic programming, others by maximum flow.
 */
export function createTotalVariation(
  nodes: number,
  edges: readonly WeightedEdge[],
): (v: Float64Array, step: number) => Float64Array {
  const forest: ForestPlan | null = planEdges(nodes, edges);
  const findCut: Cut =
    forest === null ? createGraphCut(nodes, edges) : (wish, step, cut) => cutForest(forest, edges, wish, step, cut);
  return (v, step) => {
    const pulled = v.slice();
    const cut = new Uint8Array(edges.length);
    for (;;) {
      const means = componentMeans(nodes, edges, cut, pulled);
      const rising = findCut(
        pulled.map((value, i) => value - means[i]!),
        step,
        cut,
      );
      let separated = false;
      for (const [k, { from, to, weight }] of edges.entries()) {
        if (cut[k] === 1 || rising[from] === rising[to]) continue;
        separated = true;
        cut[k] = 1;
        const pull = rising[from] === 1 ? step * weight : -step * weight;
        pulled[from] = pulled[from]! - pull;
        pulled[to] = pulled[to]! + pull;
      }
      if (!separated) return means;
    }
  };
}

/** The mean over each component of the edges that are not cut. */
function componentMeans(
  nodes: number,
  edges: readonly WeightedEdge[],
  cut: Uint8Array,
  values: Float64Array,
): Float64Array {
  const leader = Int32Array.from({ length: nodes }, (_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (leader[at] !== at) {
      leader[at] = leader[leader[at]!]!;
      at = leader[at]!;
    }
    return at;
  };
  for (const [k, { from, to }] of edges.entries()) if (cut[k] === 0) leader[find(from)] = find(to);
  const sums = new Float64Array(nodes);
  const counts = new Int32Array(nodes);
  for (let i = 0; i < nodes; i++) {
    sums[find(i)]! += values[i]!;
    counts[find(i)]! += 1;
  }
  return values.map((_, i) => sums[find(i)]! / counts[find(i)]!);
}
