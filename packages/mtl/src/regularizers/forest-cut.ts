import type { WeightedEdge } from "./total-variation.js";

/** Nodes of a forest, children before parents, each with the edge to its parent (−1 for a root). */
export interface ForestPlan {
  readonly order: Int32Array;
  readonly parent: Int32Array;
  readonly edge: Int32Array;
}

/** Null if the edges close a cycle. */
export function planEdges(nodes: number, edges: readonly WeightedEdge[]): ForestPlan | null {
  const neighbours: { node: number; edge: number }[][] = Array.from({ length: nodes }, () => []);
  for (const [edge, { from, to }] of edges.entries()) {
    neighbours[from]!.push({ node: to, edge });
    neighbours[to]!.push({ node: from, edge });
  }
  const parent = new Int32Array(nodes).fill(-1);
  const own = new Int32Array(nodes).fill(-1);
  const seen = new Uint8Array(nodes);
  const order: number[] = [];
  for (let root = 0; root < nodes; root++) {
    if (seen[root] === 1) continue;
    seen[root] = 1;
    order.push(root);
    for (let next = order.length - 1; next < order.length; next++) {
      const node = order[next]!;
      for (const { node: other, edge } of neighbours[node]!) {
        if (edge === own[node]) continue;
        if (seen[other] === 1) return null;
        seen[other] = 1;
        parent[other] = node;
        own[other] = edge;
        order.push(other);
      }
    }
  }
  return { order: Int32Array.from(order).reverse(), parent, edge: own };
}

/** The set A that makes Σ_A wish − step Σ_cut weight largest, over the edges not cut yet; ties leave nodes out. */
export function cutForest(
  { order, parent, edge }: ForestPlan,
  edges: readonly WeightedEdge[],
  wish: Float64Array,
  step: number,
  cut: Uint8Array,
): Uint8Array {
  const inside = wish.slice();
  const outside = new Float64Array(wish.length);
  const price = (node: number) => (edge[node]! < 0 || cut[edge[node]!] === 1 ? 0 : step * edges[edge[node]!]!.weight);
  const joined = (node: number) => parent[node]! >= 0 && cut[edge[node]!] === 0;
  for (const node of order) {
    if (!joined(node)) continue;
    const above = parent[node]!;
    inside[above]! += Math.max(inside[node]!, outside[node]! - price(node));
    outside[above]! += Math.max(outside[node]!, inside[node]! - price(node));
  }
  const chosen = new Uint8Array(wish.length);
  for (let k = order.length - 1; k >= 0; k--) {
    const node = order[k]!;
    const bias = joined(node) ? (chosen[parent[node]!] === 1 ? price(node) : -price(node)) : 0;
    chosen[node] = inside[node]! + bias > outside[node]! ? 1 : 0;
  }
  return chosen;
}
