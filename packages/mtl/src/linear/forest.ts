import type { PrecisionGraph } from "../relations/kinship.js";

/** A way to eliminate the nodes of a graph without cycles, children before parents: no entry fills in. */
export interface Forest {
  readonly order: Int32Array;
  /** −1 for a root. */
  readonly parent: Int32Array;
  /** P between a node and its parent. */
  readonly coupling: Float64Array;
  readonly hasChildren: Uint8Array;
}

/** Null if the graph has a cycle. Roots are the nodes with most neighbours: a star is rooted in its middle. */
export function planForest({ size, from, to, value }: PrecisionGraph): Forest | null {
  if (value.length >= size) return null;
  const degree = new Int32Array(size + 1);
  for (let edge = 0; edge < value.length; edge++) {
    degree[from[edge]!]!++;
    degree[to[edge]!]!++;
  }
  const starts = new Int32Array(size + 1);
  for (let node = 0; node < size; node++) starts[node + 1] = starts[node]! + degree[node]!;
  const fill = starts.slice();
  const incident = new Int32Array(2 * value.length);
  for (let edge = 0; edge < value.length; edge++) {
    for (const node of [from[edge]!, to[edge]!]) {
      incident[fill[node]!] = edge;
      fill[node]!++;
    }
  }
  const candidates = Int32Array.from({ length: size }, (_, node) => node);
  candidates.sort((a, b) => degree[b]! - degree[a]! || a - b);
  const parent = new Int32Array(size).fill(-1);
  const coupling = new Float64Array(size);
  const hasChildren = new Uint8Array(size);
  const seen = new Uint8Array(size);
  const order = new Int32Array(size);
  let found = 0;
  for (const root of candidates) {
    if (seen[root] === 1) continue;
    seen[root] = 1;
    let next = found;
    order[found++] = root;
    for (; next < found; next++) {
      const node = order[next]!;
      for (let at = starts[node]!; at < starts[node + 1]!; at++) {
        const edge = incident[at]!;
        const other = from[edge] === node ? to[edge]! : from[edge]!;
        if (other === parent[node]) continue;
        if (seen[other] === 1) return null;
        seen[other] = 1;
        parent[other] = node;
        coupling[other] = value[edge]!;
        hasChildren[node] = 1;
        order[found++] = other;
      }
    }
  }
  return { order: order.reverse(), parent, coupling, hasChildren };
}

export interface GroupedNodes {
  /** Nodes with children, children before parents. */
  readonly innerNodes: Int32Array;
  /** The index of a node among the inner nodes; −1 for a leaf. */
  readonly innerOf: Int32Array;
  /** Nodes without children, those of one parent together, those without a parent last. */
  readonly leafNodes: Int32Array;
  /** The leaves of inner node i: childStarts[i] up to childStarts[i + 1]. */
  readonly childStarts: Int32Array;
}

export function groupLeaves({ order, parent, hasChildren }: Forest): GroupedNodes {
  const innerNodes = order.filter((node) => hasChildren[node] === 1);
  const innerOf = new Int32Array(order.length).fill(-1);
  for (const [index, node] of innerNodes.entries()) innerOf[node] = index;
  const groupOf = (node: number) => (parent[node]! < 0 ? innerNodes.length : innerOf[parent[node]!]!);
  const leafNodes = order.filter((node) => hasChildren[node] === 0).sort((a, b) => groupOf(a) - groupOf(b) || a - b);
  const childStarts = new Int32Array(innerNodes.length + 1);
  for (const node of leafNodes) if (parent[node]! >= 0) childStarts[groupOf(node) + 1]!++;
  for (let index = 0; index < innerNodes.length; index++) childStarts[index + 1]! += childStarts[index]!;
  return { innerNodes, innerOf, leafNodes, childStarts };
}
