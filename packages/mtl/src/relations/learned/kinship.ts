import { InputError } from "../../errors.js";
import { type Edge, type Kinship, precisionGraph } from "../kinship.js";
import { multiplyPrecision } from "../precision.js";
import type { Metric } from "./metric.js";

/** Relations between all pairs are written out: more tasks than this would fill gigabytes. */
const mostTasks = 3000;

export interface LearnedRelations {
  /** K = (1 − ρ) K₀^½ Ω⁻¹ K₀^½ + ρ K₀ over the tasks; latent nodes are those of the prior. */
  readonly kinship: Kinship;
  /** (K₀^−½ Ω K₀^−½ − √ε K₀⁻¹ T/Σσ), [T, T]: with K₀ = I, the learned Ω but for its smoothing. */
  readonly taskCovariance: Float64Array;
  /** D = (W K₀ Wᵀ + εI)^½ T / tr, [features, features]. */
  readonly featureCovariance: Float64Array;
}

/**
 * The relations that belong to weights and the metric that is best for them. With W K₀^½ = U S Vᵀ and σ = √(s² + ε),
 * Ω = V diag(σ) Vᵀ T/Σσ with √ε in the directions that V leaves out, so that W K = M W K₀ and both have one minimiser:
 * K = τ/(T√ε) K₀ − Y diag(τ/(T σ √ε (σ + √ε))) Yᵀ, with Y = K₀ Wᵀ U and τ = Σσ, has no difference that cancels.
 */
export function learnedRelations(
  prior: Kinship,
  weights: Float64Array,
  width: number,
  { singular, directions, total }: Metric,
  smoothing: number,
  share: number,
): LearnedRelations {
  const graph = prior.precision;
  const tasks = prior.tasks.length;
  if (tasks > mostTasks) {
    throw new InputError(
      `fitLearned: the relations between ${tasks} tasks are a matrix of ${tasks}² numbers; at most ${mostTasks} tasks can be related so, group them first`,
    );
  }
  const slopes = singular.length;
  const least = Math.sqrt(smoothing);
  const scale = total / tasks;
  const image = multiplyPrecision(graph, weights, width, slopes);
  const rotate = (rows: Float64Array, stride: number) => {
    const out = new Float64Array(tasks * slopes);
    for (let t = 0; t < tasks; t++) {
      for (let i = 0; i < slopes; i++) {
        const value = rows[t * stride + i]!;
        for (let k = 0; k < slopes; k++) out[t * slopes + k]! += value * directions[i * slopes + k]!;
      }
    }
    return out;
  };
  const correction = gramOfRows(
    rotate(image, slopes),
    tasks,
    (k) => {
      const sigma = singular[k]!;
      return (-(1 - share) * scale) / (sigma * least * (sigma + least));
    },
    slopes,
  );
  const strength = ((1 - share) * scale) / least + share;
  const diagonal = graph.diagonal.map((value, node) => {
    return strength * value + (node < tasks ? correction[node * tasks + node]! : 0);
  });
  const edges: Edge[] = [];
  for (let edge = 0; edge < graph.value.length; edge++) {
    const [from, to] = [graph.from[edge]!, graph.to[edge]!];
    const [a, b] = [Math.max(from, to), Math.min(from, to)];
    if (a < tasks) correction[a * tasks + b]! += strength * graph.value[edge]!;
    else edges.push([from, to, strength * graph.value[edge]!]);
  }
  for (let i = 0; i < tasks; i++) {
    for (let j = 0; j < i; j++) if (correction[i * tasks + j] !== 0) edges.push([i, j, correction[i * tasks + j]!]);
  }
  const taskCovariance = gramOfRows(rotate(weights, width), tasks, (k) => 1 / (scale * (singular[k]! + least)), slopes);
  return {
    kinship: { ...prior, kind: "learned", precision: precisionGraph(diagonal, edges) },
    taskCovariance,
    featureCovariance: gramOfRows(directions, slopes, (k) => singular[k]! / scale, slopes),
  };
}

/** Y diag(f) Yᵀ for the rows Y, [count, width]. */
function gramOfRows(rows: Float64Array, count: number, f: (k: number) => number, width: number): Float64Array {
  const factors = Float64Array.from({ length: width }, (_, k) => f(k));
  const out = new Float64Array(count * count);
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      let value = 0;
      for (let k = 0; k < width; k++) value += rows[a * width + k]! * factors[k]! * rows[b * width + k]!;
      out[a * count + b] = value;
      out[b * count + a] = value;
    }
  }
  return out;
}
