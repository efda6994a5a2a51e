import { InputError } from "../errors.js";
import { type Edge, type KinshipBuilder, precisionGraph, requireDistinct, requireNonNegative } from "./kinship.js";
import { defaultShrinkage } from "./mean.js";

export interface GraphOptions {
  /** Pairs of tasks that are kin, and how strongly (1 unless given). */
  readonly edges: readonly (readonly [a: string, b: string, weight?: number])[];
  /** ε: how strongly each task is pulled to zero by itself. */
  readonly ridge?: number;
}

/**
 * Σ_edges weight ‖w_a − w_b‖² + ε Σ_t ‖w_t‖²: K is the graph's Laplacian + εI
 * (Evgeniou, Micchelli & Pontil, Learning multiple tasks with kernel methods, 2005, section 3.1.3).
 */
export function graphKinship({ edges, ridge = defaultShrinkage }: GraphOptions): KinshipBuilder {
  requireNonNegative(ridge, "graphKinship: ridge");
  return (tasks) => {
    requireDistinct(tasks, "graphKinship");
    const indices = new Map(tasks.map((task, index) => [task, index]));
    const diagonal = new Float64Array(tasks.length).fill(ridge);
    const merged = new Map<string, Edge>();
    for (const [a, b, weight = 1] of edges) {
      requireNonNegative(weight, `graphKinship: the weight between "${a}" and "${b}"`);
      const from = indexOf(indices, a);
      const to = indexOf(indices, b);
      if (from === to) throw new InputError(`graphKinship: an edge joins "${a}" to itself; drop it`);
      diagonal[from]! += weight;
      diagonal[to]! += weight;
      const key = from < to ? `${from} ${to}` : `${to} ${from}`;
      merged.set(key, [from, to, (merged.get(key)?.[2] ?? 0) - weight]);
    }
    return { kind: "graph", tasks, latent: [], precision: precisionGraph(diagonal, [...merged.values()]), root: null };
  };
}

function indexOf(indices: ReadonlyMap<string, number>, name: string): number {
  const index = indices.get(name);
  if (index === undefined) {
    throw new InputError(`graphKinship: an edge names "${name}", which is no task; drop the edge or add the task`);
  }
  return index;
}
