import { jvp, type Structured } from "@kinship/autodiff";
import {
  add,
  bernoulli,
  cast,
  leaves,
  mapLeaves,
  matrixTranspose,
  mul,
  normal,
  qr,
  reshape,
  slice,
  stack,
  sub,
  type Tensor,
} from "@kinship/tensor";
import { InputError } from "../errors.js";
import { listLosses, type TaskGradients, type TaskLosses } from "./task-gradients.js";

export interface ForwardGradientOptions {
  /** Random directions a step, one pass forward each. Default 1. */
  readonly directions?: number;
  /**
   * Entries ±1 (the default: least variance for one direction), normal, or orthogonal directions, which share no error:
   * with as many as there are parameters the gradient is exact.
   */
  readonly distribution?: "signs" | "normal" | "orthogonal";
}

/**
 * Unbiased estimates of every task's gradient without a pass back: along a random direction v, one pass forward gives
 * the directional derivatives of all losses, and E[D L(W; v)·v] = ∇L where E[v vᵀ] = I (A. G. Baydin et al., "Gradients
 * without backpropagation", 2022, theorem 1). Memory does not grow with depth; variance grows with the number of
 * parameters. A direction and its opposite give the same estimate, as a derivative is odd: antithetic pairs gain nothing
 * here, orthogonal directions do. Written so that it can be recorded.
 * @throws InputError for more orthogonal directions than parameters.
 * @example forwardGradients((w) => [sum(mul(w, w))])(tensor([1, 2]), randomKey(1), { directions: 2, distribution: "orthogonal" })
 */
export const forwardGradients =
  <Parameters extends Structured<Parameters>, Rest extends readonly unknown[]>(
    f: (parameters: Parameters, ...rest: Rest) => TaskLosses,
  ) =>
  (
    parameters: Parameters,
    key: Tensor,
    { directions = 1, distribution = "signs" }: ForwardGradientOptions = {},
    ...rest: Rest
  ): TaskGradients<Parameters> => {
    const along = randomDirections(parameters, key, directions, distribution);
    let losses: Tensor[] = [];
    let estimates: Parameters[] = [];
    for (const direction of along) {
      const [output, effects] = jvp<[Parameters], Tensor[]>(
        (own) => listLosses("forwardGradients", f(own, ...rest)).map((loss) => reshape(loss, [])),
        [parameters],
        [direction],
      );
      const own = effects.map((effect) => scaled(direction, effect, 1 / directions));
      estimates = estimates.length === 0 ? own : estimates.map((estimate, task) => sum(estimate, own[task]!));
      losses = output;
    }
    return { losses: stack(losses), gradients: estimates };
  };

const scaled = <P>(direction: P, effect: Tensor, factor: number): P =>
  mapLeaves("forwardGradients", direction, (v) => mul(v, cast(mul(effect, factor), v.dtype)));

function sum<P>(a: P, b: P): P {
  const other = leaves("forwardGradients", b);
  let at = 0;
  return mapLeaves("forwardGradients", a, (x) => add(x, other[at++]!));
}

/** Structures like `parameters`, with E[v vᵀ] = I for each. */
function randomDirections<P>(
  parameters: P,
  key: Tensor,
  count: number,
  distribution: NonNullable<ForwardGradientOptions["distribution"]>,
): P[] {
  const own = leaves("forwardGradients", parameters);
  const size = own.reduce((total, leaf) => total + leaf.size, 0);
  if (!Number.isInteger(count) || count < 1)
    throw new InputError(`forwardGradients: directions must be a whole number of at least 1, not ${count}`);
  if (distribution === "orthogonal" && count > size)
    throw new InputError(`forwardGradients: ${count} orthogonal directions do not fit ${size} parameters`);
  const dtype = own.some((leaf) => leaf.dtype === "float64") ? "float64" : "float32";
  const draw = () => {
    if (distribution === "signs") return sub(mul(2, cast(bernoulli(key, 0.5, [count, size]), dtype)), 1);
    if (distribution === "normal") return normal(key, [count, size], { dtype });
    // The columns of Q span a space spread evenly over all of them; √n makes up for their length.
    const { q } = qr(normal(key, [size, count], { dtype }));
    return mul(matrixTranspose(q), Math.sqrt(size));
  };
  const flat = draw();
  return Array.from({ length: count }, (_, row) => {
    let start = 0;
    return mapLeaves("forwardGradients", parameters, (leaf) => {
      const part = slice(flat, [row, [start, start + leaf.size]]);
      start += leaf.size;
      return cast(reshape(part, leaf.shape), leaf.dtype);
    });
  });
}
