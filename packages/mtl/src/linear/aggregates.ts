import type { PrecisionGraph } from "../relations/kinship.js";

/** Nodes of one graph gathered into fewer. */
export interface Aggregation {
  /** The coarse node of each fine one. */
  readonly coarseOf: Int32Array;
  /** Sums over the members of coarse nodes: RᵀPR, R their indicators. */
  readonly graph: PrecisionGraph;
  /** Row sums of `graph`: those of the members, summed, so that nothing cancels. */
  readonly own: Float64Array;
}

/** So often are nodes paired on the way from one level to the next: at most 8 become one. */
const pairings = 3;
/**
 * A level may have so much of the nodes and edges of the one before. In a graph of short paths, as one drawn at random,
 * aggregates are each tied to nearly all others: sweeps reach everyone without them.
 */
const worthwhile = 0.5;

/**
 * Coarser and coarser versions of a graph, each node with those that pull it strongest, down to one node a component
 * where pulls connect it (Notay, An aggregation-based algebraic multigrid method, 2010: pairwise aggregation, repeated).
 */
export function aggregationsOf(graph: PrecisionGraph): Aggregation[] {
  const levels: Aggregation[] = [];
  let own = graph.diagonal.slice();
  for (let edge = 0; edge < graph.value.length; edge++) {
    own[graph.from[edge]!]! += graph.value[edge]!;
    own[graph.to[edge]!]! += graph.value[edge]!;
  }
  let fine = graph;
  for (;;) {
    let coarseOf = Int32Array.from({ length: fine.size }, (_, node) => node);
    let coarse = fine;
    for (let pairing = 0; pairing < pairings; pairing++) {
      const pairOf = pairNodes(coarse);
      ({ graph: coarse, own } = gather(coarse, own, pairOf));
      coarseOf = coarseOf.map((node) => pairOf.nodes[node]!);
    }
    if (extentOf(coarse) > worthwhile * extentOf(fine)) return levels;
    levels.push({ coarseOf, graph: coarse, own });
    fine = coarse;
  }
}

const extentOf = ({ size, value }: PrecisionGraph): number => size + value.length;

interface Pairs {
  readonly nodes: Int32Array;
  readonly count: number;
}

/**
 * Each node with the free neighbour that pulls it strongest; one whose neighbours are all taken joins the pair of the
 * strongest, so that stars shrink as well as chains.
 */
function pairNodes({ size, from, to, value }: PrecisionGraph): Pairs {
  const starts = new Int32Array(size + 1);
  for (let edge = 0; edge < value.length; edge++) {
    starts[from[edge]! + 1]!++;
    starts[to[edge]! + 1]!++;
  }
  for (let node = 0; node < size; node++) starts[node + 1]! += starts[node]!;
  const next = starts.slice();
  const incident = new Int32Array(2 * value.length);
  for (let edge = 0; edge < value.length; edge++) {
    incident[next[from[edge]!]!++] = edge;
    incident[next[to[edge]!]!++] = edge;
  }
  const nodes = new Int32Array(size).fill(-1);
  let count = 0;
  for (let node = 0; node < size; node++) {
    if (nodes[node]! >= 0) continue;
    let [free, pull] = [-1, 0];
    let [taken, hold] = [-1, 0];
    for (let at = starts[node]!; at < starts[node + 1]!; at++) {
      const edge = incident[at]!;
      const other = from[edge] === node ? to[edge]! : from[edge]!;
      const strength = -value[edge]!;
      if (nodes[other]! < 0 && strength > pull) [free, pull] = [other, strength];
      if (nodes[other]! >= 0 && strength > hold) [taken, hold] = [other, strength];
    }
    if (free < 0 && taken >= 0) {
      nodes[node] = nodes[taken]!;
      continue;
    }
    nodes[node] = count;
    if (free >= 0) nodes[free] = count;
    count++;
  }
  return { nodes, count };
}

function gather({ from, to, value }: PrecisionGraph, own: Float64Array, { nodes, count }: Pairs) {
  const merged = new Map<number, number>();
  for (let edge = 0; edge < value.length; edge++) {
    const [a, b] = [nodes[from[edge]!]!, nodes[to[edge]!]!];
    if (a === b) continue;
    const key = Math.min(a, b) * count + Math.max(a, b);
    merged.set(key, (merged.get(key) ?? 0) + value[edge]!);
  }
  const sums = new Float64Array(count);
  for (let node = 0; node < nodes.length; node++) sums[nodes[node]!]! += own[node]!;
  const keys = Float64Array.from(merged.keys());
  const graph = {
    size: count,
    diagonal: sums.slice(),
    from: Int32Array.from(keys, (key) => Math.floor(key / count)),
    to: Int32Array.from(keys, (key) => key % count),
    value: Float64Array.from(merged.values()),
  };
  for (let edge = 0; edge < graph.value.length; edge++) {
    graph.diagonal[graph.from[edge]!]! -= graph.value[edge]!;
    graph.diagonal[graph.to[edge]!]! -= graph.value[edge]!;
  }
  return { graph, own: sums };
}
