import { multiplyRows } from "../algebra/multiply-rows.js";
import type { PrecisionGraph } from "../relations/kinship.js";

/** Neighbours of each node in the sweep's order, those before it and those after. */
interface Neighbours {
  readonly starts: Int32Array;
  readonly nodes: Int32Array;
  readonly values: Float64Array;
}

export interface Sweeps {
  /** (D + L) v = right, node after node; writes v, and B v, which falls out of it. */
  forward(right: Float64Array, v: Float64Array, image: Float64Array): void;
  /** (D + Lᵀ) v = right, from the last node to the first; writes v and B v. */
  backward(right: Float64Array, v: Float64Array, image: Float64Array): void;
}

/**
 * Substitution in the block triangles of the system B + L + Lᵀ: B the blocks of the nodes, whose inverses are given, L the
 * couplings P_ij D to nodes before. `v` and `image` may not be `right`.
 */
export function createSweeps(graph: PrecisionGraph, inverses: Float64Array, penalties: Float64Array): Sweeps {
  const width = penalties.length;
  const before = neighboursOf(graph, (node, other) => other < node);
  const after = neighboursOf(graph, (node, other) => other > node);

  function visit(
    node: number,
    { starts, nodes, values }: Neighbours,
    right: Float64Array,
    v: Float64Array,
    image: Float64Array,
  ): void {
    const at = node * width;
    for (let i = at; i < at + width; i++) image[i] = right[i]!;
    for (let k = starts[node]!; k < starts[node + 1]!; k++) {
      const value = values[k]!;
      const from = nodes[k]! * width;
      for (let i = 0; i < width; i++) image[at + i] = image[at + i]! - value * penalties[i]! * v[from + i]!;
    }
    multiplyRows(inverses, at * width, width, width, image, at, v, at);
  }

  return {
    forward(right, v, image) {
      for (let node = 0; node < graph.size; node++) visit(node, before, right, v, image);
    },
    backward(right, v, image) {
      for (let node = graph.size - 1; node >= 0; node--) visit(node, after, right, v, image);
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
