import { multiplyRows } from "../algebra/multiply-rows.js";
import type { PrecisionGraph } from "../relations/kinship.js";

/** Neighbours of each node in the sweeps' order, those before it or those after. */
interface Neighbours {
  readonly starts: Int32Array;
  readonly nodes: Int32Array;
  readonly values: Float64Array;
}

/** Products with the couplings of nodes to those before them, L, or after them, Lᵀ. */
export interface Sweeps {
  /** (D + L) v = right, node after node; writes v, and B v = right − L v, which falls out of it. */
  forward(right: Float64Array, v: Float64Array, image: Float64Array): void;
  /** (D + Lᵀ) v = right, from the last node to the first. */
  backward(right: Float64Array, v: Float64Array): void;
  /** out += factor · L v; with `rowOf`, v has a row for several nodes: that of node t is rowOf[t]. */
  addBefore(v: Float64Array, factor: number, out: Float64Array, rowOf?: Int32Array): void;
  /** out −= Lᵀ v, the row of node t to rowOf[t]. */
  takeAfter(v: Float64Array, out: Float64Array, rowOf: Int32Array): void;
}

/**
 * Substitution in the block triangles of the system B + L + Lᵀ: B the blocks of the nodes, whose inverses are given, L the
 * couplings P_ij D to nodes before. Vectors that are read and written may not be the same.
 */
export function createSweeps(graph: PrecisionGraph, inverses: Float64Array, penalties: Float64Array): Sweeps {
  const width = penalties.length;
  const before = neighboursOf(graph, (node, other) => other < node);
  const after = neighboursOf(graph, (node, other) => other > node);
  const sums = new Float64Array(width);
  const row = new Float64Array(width);

  /** sums = Σ P_ij v_j over neighbours j: two at a time, so that sums are read and written half as often. */
  function gather(node: number, { starts, nodes, values }: Neighbours, v: Float64Array, rowOf?: Int32Array): void {
    sums.fill(0);
    const end = starts[node + 1]!;
    for (let k = starts[node]!; k < end; k += 2) {
      const [one, two] = [nodes[k]!, nodes[k + 1 < end ? k + 1 : k]!];
      const p = (rowOf === undefined ? one : rowOf[one]!) * width;
      const q = (rowOf === undefined ? two : rowOf[two]!) * width;
      const a = values[k]!;
      const b = k + 1 < end ? values[k + 1]! : 0;
      for (let i = 0; i < width; i++) sums[i] = sums[i]! + (a * v[p + i]! + b * v[q + i]!);
    }
  }

  return {
    forward(right, v, image) {
      for (let node = 0; node < graph.size; node++) {
        const at = node * width;
        gather(node, before, v);
        for (let i = 0; i < width; i++) image[at + i] = right[at + i]! - penalties[i]! * sums[i]!;
        multiplyRows(inverses, at * width, width, width, image, at, v, at);
      }
    },
    backward(right, v) {
      for (let node = graph.size - 1; node >= 0; node--) {
        const at = node * width;
        gather(node, after, v);
        for (let i = 0; i < width; i++) row[i] = right[at + i]! - penalties[i]! * sums[i]!;
        multiplyRows(inverses, at * width, width, width, row, 0, v, at);
      }
    },
    addBefore(v, factor, out, rowOf) {
      for (let node = 0; node < graph.size; node++) {
        if (before.starts[node] === before.starts[node + 1]) continue;
        const at = node * width;
        gather(node, before, v, rowOf);
        for (let i = 0; i < width; i++) out[at + i] = out[at + i]! + factor * penalties[i]! * sums[i]!;
      }
    },
    takeAfter(v, out, rowOf) {
      for (let node = 0; node < graph.size; node++) {
        if (after.starts[node] === after.starts[node + 1]) continue;
        const to = rowOf[node]! * width;
        gather(node, after, v);
        for (let i = 0; i < width; i++) out[to + i] = out[to + i]! - penalties[i]! * sums[i]!;
      }
    },
  };
}

function neighboursOf(
  { size, from, to, value }: PrecisionGraph,
  keep: (node: number, other: number) => boolean,
): Neighbours {
  const starts = new Int32Array(size + 1);
  const ends = (edge: number) => {
    const [a, b] = [from[edge]!, to[edge]!];
    return keep(a, b) ? ([a, b] as const) : ([b, a] as const);
  };
  for (let edge = 0; edge < value.length; edge++) starts[ends(edge)[0] + 1]!++;
  for (let node = 0; node < size; node++) starts[node + 1]! += starts[node]!;
  const next = starts.slice();
  const nodes = new Int32Array(value.length);
  const values = new Float64Array(value.length);
  for (let edge = 0; edge < value.length; edge++) {
    const [node, other] = ends(edge);
    const at = next[node]!++;
    nodes[at] = other;
    values[at] = value[edge]!;
  }
  return { starts, nodes, values };
}
