import { type PrecisionGraph, precisionGraph } from "./kinship.js";

/**
 * P W over all nodes, W the slopes of [nodes, width]: [nodes, slopes]. Latent rows vanish where W is at its best. `out` is
 * memory to use again.
 */
export function multiplyPrecision(
  { size, diagonal, from, to, value }: PrecisionGraph,
  weights: Float64Array,
  width: number,
  slopes: number,
  out: Float64Array = new Float64Array(size * slopes),
): Float64Array {
  const own = diagonal.slice();
  for (let edge = 0; edge < value.length; edge++) {
    own[from[edge]!]! += value[edge]!;
    own[to[edge]!]! += value[edge]!;
  }
  for (let node = 0; node < size; node++) {
    for (let i = 0; i < slopes; i++) out[node * slopes + i] = own[node]! * weights[node * width + i]!;
  }
  for (let edge = 0; edge < value.length; edge++) {
    const [a, b] = [from[edge]!, to[edge]!];
    for (let i = 0; i < slopes; i++) {
      const force = value[edge]! * (weights[b * width + i]! - weights[a * width + i]!);
      out[a * slopes + i] = out[a * slopes + i]! + force;
      out[b * slopes + i] = out[b * slopes + i]! - force;
    }
  }
  return out;
}

/** weight · P, node by node. */
export function scalePrecision(graph: PrecisionGraph, weight: number): PrecisionGraph {
  const scale = (values: Float64Array) => values.map((value) => weight * value);
  return { ...graph, diagonal: scale(graph.diagonal), value: scale(graph.value) };
}

/** The sum over the same tasks, each graph with latent nodes of its own. */
export function sumPrecisions(graphs: readonly PrecisionGraph[], tasks: number): PrecisionGraph {
  const diagonal = new Float64Array(graphs.reduce((size, graph) => size + graph.size - tasks, tasks));
  const edges: [number, number, number][] = [];
  let latent = tasks;
  for (const { size, diagonal: own, from, to, value } of graphs) {
    const first = latent;
    const place = (node: number) => (node < tasks ? node : first + node - tasks);
    for (let node = 0; node < size; node++) diagonal[place(node)]! += own[node]!;
    for (let edge = 0; edge < value.length; edge++) {
      edges.push([place(from[edge]!), place(to[edge]!), value[edge]!]);
    }
    latent += size - tasks;
  }
  return precisionGraph(diagonal, edges);
}
