import { columnOf, setColumn } from "../algebra/columns.js";
import { InputError } from "../errors.js";
import type { Penalty, Regularizer, Shape } from "./regularizer.js";
import { requirePositive } from "./requirements.js";
import { createTotalVariation, type WeightedEdge } from "./total-variation.js";

export interface GraphFusedOptions {
  /** Pairs of tasks that are kin, and how strongly (1 unless given). */
  readonly edges: readonly (readonly [a: string, b: string, weight?: number])[];
}

/** Ω(W) = Σ_edges weight ‖w_a − w_b‖₁: along edges, tasks share a weight exactly or differ in it freely. */
export function graphFused({ edges }: GraphFusedOptions): Regularizer {
  return {
    kind: "single",
    name: "graph-fused",
    source: "Tibshirani, Saunders, Rosset, Zhu & Knight, Sparsity and smoothness via the fused lasso, 2005, on a graph",
    parameters: { edges: edges.length },
    on(shape) {
      const indices = new Map(shape.tasks.map((task, index) => [task, index]));
      const indexed = edges.map(([a, b, weight = 1]): WeightedEdge => {
        requirePositive(weight, `graphFused: the weight between "${a}" and "${b}"`);
        const [from, to] = [a, b].map((name) => {
          const index = indices.get(name);
          if (index === undefined) {
            throw new InputError(
              `graphFused: an edge names "${name}", which is no task; drop the edge or add the task`,
            );
          }
          return index;
        }) as [number, number];
        if (from === to) throw new InputError(`graphFused: an edge joins "${a}" to itself; drop it`);
        return { from, to, weight };
      });
      return fusedPenalty(shape, indexed);
    },
  };
}

/** Tasks in an order, such as time, given by the order of `tasks`: Ω(W) = Σ_t ‖w_{t+1} − w_t‖₁. */
export function orderedTasks({ order }: { readonly order?: readonly string[] } = {}): Regularizer {
  return {
    kind: "single",
    name: "ordered-tasks",
    source: "Zhou, Liu, Narayan & Ye, Modeling disease progression via fused sparse group lasso, 2012, the fused part",
    parameters: {},
    on(shape) {
      const names = order ?? shape.tasks;
      const edges = names.slice(1).map((name, t) => [names[t]!, name] as const);
      if (new Set(names).size !== shape.tasks.length || shape.tasks.some((task) => !names.includes(task))) {
        throw new InputError("orderedTasks: order must name each task once");
      }
      return graphFused({ edges }).on(shape);
    },
  };
}

function fusedPenalty({ tasks, width }: Shape, edges: readonly WeightedEdge[]): Penalty {
  const variation = createTotalVariation(tasks.length, edges);
  return {
    value(w) {
      let total = 0;
      for (const { from, to, weight } of edges) {
        for (let j = 0; j < width; j++) total += weight * Math.abs(w[from * width + j]! - w[to * width + j]!);
      }
      return total;
    },
    proximal(v, step, out) {
      for (let j = 0; j < width; j++) setColumn(out, width, j, variation(columnOf(v, width, j), step));
    },
  };
}
