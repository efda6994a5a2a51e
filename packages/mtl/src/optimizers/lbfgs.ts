import { type Structured, valueAndGrad } from "@kinship/autodiff";
import { mapLeaves, matchLeaves, mul, neg, sub, type Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { innerProduct } from "../gradients/gramian.js";
import { type LineSearchOptions, moveAlong, wolfeSearch } from "../gradients/line-search.js";

export interface LbfgsOptions extends LineSearchOptions {
  /** How many of the last steps the curvature is estimated from. Default 10. */
  readonly memory?: number;
}

/** A structure of tensors: saved and resumed like parameters. */
export type LbfgsState<Parameters> = {
  readonly parameters: Parameters;
  readonly value: Tensor;
  readonly gradient: Parameters;
  /** The last steps, the oldest first. */
  readonly steps: readonly Parameters[];
  /** By how much the gradient changed over each. */
  readonly changes: readonly Parameters[];
};

export interface Minimum<Parameters> {
  readonly parameters: Parameters;
  readonly value: number;
  /** |∇f| there: the certificate. */
  readonly gradientNorm: number;
  readonly rounds: number;
  /** Whether the gradient's norm fell to the tolerance. */
  readonly converged: boolean;
}

/**
 * Limited-memory BFGS with a strong-Wolfe line search (J. Nocedal and S. Wright, Numerical Optimization, 2006, algorithms
 * 7.4 and 7.5), for smooth functions of all the data at once. Driven from outside: each step reads values.
 */
export function lbfgs<Parameters extends Structured<Parameters>>(
  f: (parameters: Parameters) => Tensor,
  { memory = 10, ...search }: LbfgsOptions = {},
) {
  if (!Number.isInteger(memory) || memory < 1)
    throw new InputError(`lbfgs: memory must be a whole number of at least 1, not ${memory}`);
  const both = valueAndGrad<Parameters, []>(f);
  return {
    start(parameters: Parameters): LbfgsState<Parameters> {
      const [value, gradient] = both(parameters);
      return { parameters, value, gradient, steps: [], changes: [] };
    },
    /** One step; the same state where no step lowers the function, at a minimum to rounding. */
    step(state: LbfgsState<Parameters>): LbfgsState<Parameters> {
      const direction = quasiNewton(state);
      if (!(innerProduct(state.gradient, direction) < 0)) return state;
      // Before curvature is known the gradient's length says nothing: the first trial moves by at most 1.
      const initial = state.steps.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(innerProduct(direction, direction)));
      const found = wolfeSearch(f, state.parameters, direction, { initial, ...search });
      if (!found) return state;
      const [value, gradient] = both(found.parameters);
      const step = mapLeaves("lbfgs", direction, (leaf) => mul(leaf, found.length));
      const change = difference(gradient, state.gradient);
      const next = { parameters: found.parameters, value, gradient };
      // Rounding may hide the curvature that the line search saw.
      if (!(innerProduct(step, change) > 0)) return { ...next, steps: state.steps, changes: state.changes };
      return {
        ...next,
        steps: [...state.steps, step].slice(-memory),
        changes: [...state.changes, change].slice(-memory),
      };
    },
  };
}

function difference<Parameters>(a: Parameters, b: Parameters): Parameters {
  const pairs = matchLeaves("lbfgs", a, b);
  let at = 0;
  return mapLeaves("lbfgs", a, (leaf) => sub(leaf, pairs[at++]![1]));
}

/** −H∇f by the two-loop recursion. */
function quasiNewton<Parameters extends Structured<Parameters>>({
  gradient,
  steps,
  changes,
}: LbfgsState<Parameters>): Parameters {
  let q = mapLeaves("lbfgs", gradient, (leaf) => neg(leaf));
  const curvatures = steps.map((step, k) => innerProduct(step, changes[k]!));
  const shares: number[] = [];
  for (let k = steps.length - 1; k >= 0; k--) {
    shares[k] = innerProduct(steps[k]!, q) / curvatures[k]!;
    q = moveAlong(q, changes[k]!, -shares[k]!);
  }
  const last = steps.length - 1;
  if (last >= 0) {
    const scale = curvatures[last]! / innerProduct(changes[last]!, changes[last]!);
    q = mapLeaves("lbfgs", q, (leaf) => mul(leaf, scale));
  }
  for (let k = 0; k < steps.length; k++) {
    const own = innerProduct(changes[k]!, q) / curvatures[k]!;
    q = moveAlong(q, steps[k]!, shares[k]! - own);
  }
  return q;
}

/**
 * Minimises a smooth function to a gradient's norm of `tolerance`, by L-BFGS.
 * @example minimize((x) => sum(square(sub(x, 3))), tensor([0, 0])).parameters   // [3, 3]
 */
export function minimize<Parameters extends Structured<Parameters>>(
  f: (parameters: Parameters) => Tensor,
  parameters: Parameters,
  { tolerance = 1e-8, rounds = 1000, ...options }: LbfgsOptions & { tolerance?: number; rounds?: number } = {},
): Minimum<Parameters> {
  const { start, step } = lbfgs(f, options);
  let state = start(parameters);
  let taken = 0;
  const norm = () => Math.sqrt(innerProduct(state.gradient, state.gradient));
  while (norm() > tolerance && taken < rounds) {
    const next = step(state);
    if (next === state) break;
    state = next;
    taken++;
  }
  return {
    parameters: state.parameters,
    value: state.value.item(),
    gradientNorm: norm(),
    rounds: taken,
    converged: norm() <= tolerance,
  };
}
