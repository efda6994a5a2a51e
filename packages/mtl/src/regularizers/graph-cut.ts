import type { Cut, WeightedEdge } from "./total-variation.js";

/** Capacities below this share of the largest are rounding. */
const negligible = 1e-14;

/**
 * The minimum cut of the nodes that wish to rise from the others, by Dinic's maximum flow (1970): the source feeds the
 * wishes that are positive, the sink drains the others, and edges carry up to step · weight either way.
 */
export function createGraphCut(nodes: number, edges: readonly WeightedEdge[]): Cut {
  const [source, sink] = [nodes, nodes + 1];
  const ends: [number, number][] = [];
  for (const { from, to } of edges) ends.push([from, to], [to, from]);
  for (let i = 0; i < nodes; i++) ends.push([source, i], [i, source], [i, sink], [sink, i]);
  const arcs: number[][] = Array.from({ length: nodes + 2 }, () => []);
  for (const [arc, [from]] of ends.entries()) arcs[from]!.push(arc);
  const capacity = new Float64Array(ends.length);
  const level = new Int32Array(nodes + 2);
  const next = new Int32Array(nodes + 2);
  const queue = new Int32Array(nodes + 2);
  let least = 0;

  function rank(): boolean {
    level.fill(-1);
    level[source] = 0;
    queue[0] = source;
    for (let head = 0, tail = 1; head < tail; head++) {
      for (const arc of arcs[queue[head]!]!) {
        const to = ends[arc]![1];
        if (!(capacity[arc]! > least) || level[to]! >= 0) continue;
        level[to] = level[queue[head]!]! + 1;
        queue[tail++] = to;
      }
    }
    return level[sink]! >= 0;
  }

  function push(node: number, most: number): number {
    if (node === sink) return most;
    let sent = 0;
    for (; next[node]! < arcs[node]!.length; next[node]!++) {
      const arc = arcs[node]![next[node]!]!;
      const to = ends[arc]![1];
      if (!(capacity[arc]! > least) || level[to] !== level[node]! + 1) continue;
      const flow = push(to, Math.min(most - sent, capacity[arc]!));
      capacity[arc]! -= flow;
      capacity[arc ^ 1]! += flow;
      sent += flow;
      if (!(most - sent > least)) return sent;
    }
    return sent;
  }

  return (wish, step, cut) => {
    capacity.fill(0);
    let largest = 0;
    for (const [k, { weight }] of edges.entries()) {
      if (cut[k] === 0) capacity[2 * k] = capacity[2 * k + 1] = step * weight;
    }
    for (let i = 0; i < nodes; i++) {
      const at = 2 * edges.length + 4 * i;
      capacity[at] = Math.max(0, wish[i]!);
      capacity[at + 2] = Math.max(0, -wish[i]!);
      largest = Math.max(largest, Math.abs(wish[i]!));
    }
    least = negligible * largest;
    while (rank()) {
      next.fill(0);
      push(source, Number.POSITIVE_INFINITY);
    }
    return Uint8Array.from({ length: nodes }, (_, i) => (level[i]! >= 0 ? 1 : 0));
  };
}
