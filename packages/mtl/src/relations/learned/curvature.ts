import { dot } from "../../algebra/dot.js";
import { smallestEigenvalue } from "../../algebra/eigenvalues.js";
import { crossProducts, mapRows } from "../../algebra/map-rows.js";
import { multiplyRows } from "../../algebra/multiply-rows.js";
import type { PrecisionGraph } from "../kinship.js";
import { multiplyPrecision } from "../precision.js";
import { mapSlopes, scatterOf, spectralMatrix, transposeBlocks } from "./metric.js";
import type { Point } from "./point.js";

/** The second derivative of the learned penalty, as the exchange uses it. */
export interface Curvature {
  /**
   * out += strength (∇² − M ⊗ K₀) v of the penalty's half, λ/2 left out: what is beyond the curvature with M held. Slopes of
   * [nodes, width] only.
   */
  addAnswer(v: Float64Array, strength: number, out: Float64Array): void;
  /** Y where the weights have moved by v, kept at a norm of at most 1. */
  dualAfter(v: Float64Array): Float64Array;
}

/**
 * With R = (W K₀ Wᵀ + εI)^½, the gradient of tr R is Y K₀ for the Y with R Y = W. Where a singular value is far above √ε
 * and should not be, or below and should be above, what W alone tells of ∇² does not hold a step away. So Y is kept as
 * an unknown of its own, with ‖Y K₀^½‖ ≤ 1, and both equations are linearised (Chan, Golub & Mulet, A nonlinear
 * primal-dual method for total variation-based image restoration, 1999; here for singular values): ∇² with R Y for W
 * where M turns. At Y = 0 that is the curvature with M held, at the solution Newton's.
 * @param dual Y, [nodes, slopes]
 */
export function curvatureAt(
  graph: PrecisionGraph,
  { weights, metric }: Pick<Point, "weights" | "metric">,
  dual: Float64Array,
  { slopes, tasks, share }: { readonly slopes: number; readonly tasks: number; readonly share: number },
): Curvature {
  const width = weights.length / graph.size;
  const { singular, directions, total } = metric;
  const back = transposeBlocks(directions, 1, slopes);
  const inverseRoot = spectralMatrix(metric, (sigma) => 1 / sigma);
  const rootDual = mapSlopes(spectralMatrix(metric, (sigma) => sigma), slopes, dual, slopes); // biome-ignore format: one line
  /** R Y K₀, and R⁻¹ W K₀, whose product with a step is what tr R gains by it. */
  const pulled = multiplyPrecision(graph, rootDual, slopes, slopes);
  const gain = multiplyPrecision(graph, mapSlopes(inverseRoot, slopes, weights, width), width, slopes);
  const learned = (1 - share) / tasks;
  const [cross, half, turned, map] = [0, 1, 2, 3].map(() => new Float64Array(slopes * slopes)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];

  /** `map` = what W K₀ Wᵀ gains by v, W = R Y, each entry times `factor` of the two singular values it lies between. */
  function respond(v: Float64Array, factor: (a: number, b: number) => number): void {
    const products = crossProducts(pulled, slopes, v, width);
    for (let i = 0; i < slopes; i++) {
      for (let j = 0; j <= i; j++) {
        const value = products[i * width + j]! + products[j * width + i]!;
        cross[i * slopes + j] = value;
        cross[j * slopes + i] = value;
      }
    }
    congruence(back, cross, slopes, half, turned);
    for (let i = 0; i < slopes; i++) {
      for (let j = 0; j < slopes; j++) {
        turned[i * slopes + j] = turned[i * slopes + j]! * factor(singular[i]!, singular[j]!);
      }
    }
    congruence(directions, turned, slopes, half, map);
  }

  return {
    addAnswer(v, strength, out) {
      respond(v, (a, b) => (-learned * total) / (a * b * (a + b)));
      let towards = 0;
      for (let node = 0; node < graph.size; node++) towards += dot(gain, node * slopes, v, node * width, slopes);
      const answers = mapRows(map, slopes, pulled);
      for (let node = 0; node < graph.size; node++) {
        for (let i = 0; i < slopes; i++) {
          const at = node * slopes + i;
          const value = answers[at]! + learned * towards * gain[at]!;
          out[node * width + i] = out[node * width + i]! + strength * value;
        }
      }
    },
    dualAfter(v) {
      respond(v, (a, b) => 1 / (a + b));
      const right = new Float64Array(graph.size * slopes);
      const turn = mapRows(map, slopes, dual);
      for (let node = 0; node < graph.size; node++) {
        for (let i = 0; i < slopes; i++) {
          const at = node * slopes + i;
          right[at] = weights[node * width + i]! + v[node * width + i]! - turn[at]!;
        }
      }
      const next = mapSlopes(inverseRoot, slopes, right, slopes);
      const squares = scatterOf(graph, next, slopes, slopes).map((value) => -value);
      const most = Math.sqrt(Math.max(1, -smallestEigenvalue(squares, slopes)));
      return next.map((value) => value / most);
    },
  };
}

/** out = A S Aᵀ for a symmetric S, both n × n. */
function congruence(a: Float64Array, s: Float64Array, n: number, half: Float64Array, out: Float64Array): void {
  for (let i = 0; i < n; i++) multiplyRows(s, 0, n, n, a, i * n, half, i * n);
  for (let i = 0; i < n; i++) multiplyRows(a, 0, n, n, half, i * n, out, i * n);
}
