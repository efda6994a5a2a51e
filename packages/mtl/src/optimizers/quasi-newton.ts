import {
  add,
  cast,
  div,
  full,
  less,
  minimum,
  mul,
  neg,
  reshape,
  sqrt,
  sub,
  type Tensor,
  where,
  zerosLike,
} from "@kinship/tensor";
import { InputError } from "../errors.js";
import { crossGramianTensor } from "../gradients/gramian.js";

/** The last steps and by how much the gradient changed over each, the oldest first: vectors, zeros where none is yet. */
export type Curvature = {
  readonly steps: readonly Tensor[];
  readonly changes: readonly Tensor[];
};

/** Nothing known yet, of gradients like this one. @throws InputError for a memory of no steps. */
export function noCurvature(name: string, memory: number, gradient: Tensor): Curvature {
  if (!Number.isInteger(memory) || memory < 1)
    throw new InputError(`${name}: memory must be a whole number of at least 1, not ${memory}`);
  const zeros = () => Array.from({ length: memory }, () => zerosLike(gradient));
  return { steps: zeros(), changes: zeros() };
}

/** ⟨a, b⟩ in float64, without axes. */
export const innerProductTensor = (a: Tensor, b: Tensor): Tensor => reshape(crossGramianTensor([a], [b]), []);

/**
 * With one pair more, the oldest forgotten; as it was where ⟨step, change⟩ is not positive: where the function is not
 * convex, or rounding is all that is left.
 */
export function withPair({ steps, changes }: Curvature, step: Tensor, change: Tensor): Curvature {
  const curved = less(0, innerProductTensor(step, change));
  const pushed = (list: readonly Tensor[], last: Tensor) =>
    list.map((own, k) => where(curved, list[k + 1] ?? last, own));
  return { steps: pushed(steps, step), changes: pushed(changes, change) };
}

/**
 * −H∇f by the two-loop recursion (J. Nocedal and S. Wright, Numerical Optimization, 2006, algorithm 7.4), H₀ = γI with γ
 * from the last pair (their equation 7.20). Before there is one, the gradient's length says nothing of how far to go:
 * the direction is no longer than 1.
 */
export function quasiNewton(gradient: Tensor, { steps, changes }: Curvature): Tensor {
  const scaled = (x: Tensor, by: Tensor): Tensor => mul(x, cast(by, x.dtype));
  const one = full([], 1, "float64");
  let scale = minimum(one, div(one, sqrt(innerProductTensor(gradient, gradient))));
  const pairs = steps.map((step, k) => {
    const change = changes[k]!;
    const curvature = innerProductTensor(step, change);
    const known = less(0, curvature);
    scale = where(known, div(curvature, innerProductTensor(change, change)), scale);
    return { step, change, share: (a: Tensor, b: Tensor) => where(known, div(innerProductTensor(a, b), curvature), 0) };
  });
  let q: Tensor = neg(gradient);
  const taken: Tensor[] = [];
  for (const { step, change, share } of [...pairs].reverse()) {
    const own = share(step, q);
    taken.unshift(own);
    q = sub(q, scaled(change, own));
  }
  q = scaled(q, scale);
  for (const [k, { step, change, share }] of pairs.entries())
    q = add(q, scaled(step, sub(taken[k]!, share(change, q))));
  return q;
}
