import { lost } from "../algebra/cholesky.js";
import { dot } from "../algebra/dot.js";
import { createRandom } from "../data/random.js";
import type { Levels } from "./levels.js";
import type { Solver } from "./solver.js";
import { applySystem, type System } from "./system.js";

/** A combination of n unknowns is about one nth of a vector drawn at random; where so much less is left, none is open. */
const share = 1e-6;
/** What a round leaves of the residual: one is enough for most. */
const reduction = 1e-6;
const rounds = 20;

/**
 * Returns −1, or a node of a combination z of weights that the system A leaves undetermined: zᵀAz at most the part of
 * Σ a_ii z_i² where its terms lose all of their digits. For systems too large to be factored: what A determines is taken
 * out of a vector drawn at random, z ← z − A⁻¹Az, until nothing or such a z is left. As z is at hand, no system is refused
 * that determines its weights. One that does not may pass if the draw, always the same, happens to have less than `share`
 * of all that is left open: about once in a thousand.
 */
export function undeterminedNode(system: System, { apply }: Levels, solve: Solver["solve"]): number {
  const { width } = system.grams;
  const diagonal = diagonalOf(system);
  const tolerance = lost(width);
  if (isHeld(system, diagonal, tolerance)) return -1;
  const size = diagonal.length;
  const image = new Float64Array(size);
  const sizeOf = (z: Float64Array) => z.reduce((sum, entry, i) => sum + diagonal[i]! * entry * entry, 0);
  const isOpen = (z: Float64Array) => {
    applySystem(system, z, image);
    return !(dot(z, 0, image, 0, size) > tolerance * sizeOf(z));
  };
  const nodeOf = (z: Float64Array) => {
    const parts = z.map((entry, i) => diagonal[i]! * entry * entry);
    return Math.floor(parts.indexOf(parts.reduce((most, part) => Math.max(most, part), 0)) / width);
  };
  const random = createRandom(1);
  const draw = diagonal.map(() => random() - 0.5);
  // Where the preconditioner leaves z undetermined as the system does, a step of inverse iteration shows it.
  const found = draw.map((entry, i) => entry * Math.sqrt(diagonal[i]!));
  apply(found.slice(), found, image);
  if (isOpen(found)) return nodeOf(found);
  const z = draw.map((entry, i) => (diagonal[i]! > 0 ? entry / Math.sqrt(diagonal[i]!) : 0));
  const nothing = (share / size) * sizeOf(z);
  for (let round = 0; round < rounds && sizeOf(z) > nothing; round++) {
    if (isOpen(z)) return nodeOf(z);
    solve(image, found, { reduction });
    for (let i = 0; i < size; i++) z[i] = z[i]! - found[i]!;
  }
  return -1;
}

/** a_ii, [nodes, width]. */
function diagonalOf({ grams, graph, penalties }: System): Float64Array {
  const { tasks, width, matrices } = grams;
  return Float64Array.from({ length: graph.size * width }, (_, at) => {
    const [node, i] = [Math.floor(at / width), at % width];
    return graph.diagonal[node]! * penalties[i]! + (node < tasks ? matrices[at * width + i]! : 0);
  });
}

/**
 * Whether penalties alone hold every weight. Where P is dominated by its diagonal, the system is at least G + C,
 * c_ii = (P_tt − Σ |P_ts|) D: then zᵀAz ≥ Σ c_ii z_i². With a free intercept b, g its Gram entry and s the others' trace,
 * zᵀAz ≥ c ‖w‖² + (√g |b| − √s ‖w‖)² ≥ g b² c / (c + s) too; the mean of both bounds is a bound.
 */
function isHeld({ grams, graph, penalties }: System, diagonal: Float64Array, tolerance: number): boolean {
  const { width, tasks, matrices } = grams;
  const { from, to, value } = graph;
  const left = graph.diagonal.slice();
  for (let edge = 0; edge < value.length; edge++) {
    left[from[edge]!]! -= Math.abs(value[edge]!);
    left[to[edge]!]! -= Math.abs(value[edge]!);
  }
  const slopes = penalties[width - 1] === 0 ? width - 1 : width;
  return left.every((own, node) => {
    const c = own * penalties[0]!;
    let trace = 0;
    for (let i = 0; i < slopes; i++) {
      const at = node * width + i;
      if (!(own * penalties[i]! > 2 * tolerance * diagonal[at]!)) return false;
      if (node < tasks) trace += matrices[at * width + i]!;
    }
    return (
      slopes === width || node >= tasks || (c > 2 * tolerance * (c + trace) && diagonal[node * width + slopes]! > 0)
    );
  });
}
