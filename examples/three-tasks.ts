import { fileURLToPath } from "node:url";
import { grad } from "@kinship/autodiff";
import { fitKNorm, matrixKinship, weightsTensor } from "@kinship/mtl";
import { add, einsum, matmul, mul, sub, sum, type Tensor, tensor, zeros } from "@kinship/tensor";

const float64 = { dtype: "float64" } as const;

export const inputs = [
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  [
    [2, 3],
    [4, 5],
    [6, 7],
  ],
  [
    [3, 4],
    [5, 6],
    [7, 8],
  ],
];
export const targets = [
  [1, 2, 3],
  [2, 3, 4],
  [3, 4, 5],
];
/** Rank one: only the sum of the tasks' weights is penalised, and the data determine the rest. */
export const kinship = inputs.map(() => inputs.map(() => 0.1));
export const lambda = 1;

/** W of shape [features, tasks] from the closed solver. */
export function solveDirectly(): Tensor {
  const tasks = inputs.map((x, t) => ({ name: `task ${t + 1}`, x, y: targets[t]! }));
  return weightsTensor(fitKNorm({ tasks, kinship: matrixKinship(kinship), lambda, intercept: "none" }));
}

/** Σ_t ‖X_t w_t − y_t‖² + (λ/2) tr(W K Wᵀ), for W of shape [features, tasks]. */
export function objective(weights: Tensor): Tensor {
  const x = tensor(inputs, float64);
  const y = tensor(targets, float64);
  const errors = sub(einsum("tnd,dt->tn", x, weights), y);
  const coupled = mul(matmul(weights, tensor(kinship, float64)), weights);
  return add(sum(mul(errors, errors)), mul(lambda / 2, sum(coupled)));
}

/**
 * The same minimum by gradient descent with Nesterov's momentum: the step is the inverse of a bound on the curvature,
 * 2 max ‖X_t‖² + λ ‖K‖, and the momentum starts again whenever it leads uphill (O'Donoghue & Candès, 2015).
 */
export function descend(steps = 20_000): { readonly weights: Tensor; readonly steps: number } {
  const norms = inputs.map((x) => x.flat().reduce((total, value) => total + value * value, 0));
  const step = 1 / (2 * Math.max(...norms) + lambda * 0.1 * inputs.length);
  const slope = grad(objective);
  let weights = zeros([2, 3], "float64");
  let ahead = weights;
  let age = 1;
  for (let taken = 1; taken <= steps; taken++) {
    const gradient = slope(ahead);
    const next = sub(ahead, mul(step, gradient));
    const move = sub(next, weights);
    age = sum(mul(gradient, move)).item() > 0 ? 1 : age + 1;
    weights = next;
    ahead = add(next, mul((age - 1) / (age + 2), move));
    if (sum(mul(gradient, gradient)).item() < 1e-22) return { weights, steps: taken };
  }
  return { weights, steps };
}

function main(): void {
  const direct = solveDirectly();
  const { weights, steps } = descend();
  const difference = Math.max(...direct.toTypedArray().map((value, i) => Math.abs(value - weights.toTypedArray()[i]!)));
  console.log("W by the closed solver, one column a task:", direct.toArray());
  console.log(`W by gradient descent, ${steps} steps:`, weights.toArray());
  console.log("largest difference:", difference.toExponential(1));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
