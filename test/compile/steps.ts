import { valueAndGrad } from "@kinship/autodiff";
import {
  add,
  conv2d,
  div,
  einsum,
  leaves,
  logSumExp,
  matmul,
  maxPool2d,
  mean,
  mul,
  ones,
  relu,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  zeros,
} from "@kinship/tensor";

// Training steps of the sizes that people have, as plain functions of a list of tensors.

/** A step to compile, and what to call it with. */
export interface TrainingStep {
  readonly step: (...args: never[]) => unknown;
  readonly args: readonly unknown[];
}

interface State {
  readonly parameters: readonly Tensor[];
  readonly first: readonly Tensor[];
  readonly second: readonly Tensor[];
  /** The decay rates to the power of the steps taken. */
  readonly powers: readonly [Tensor, Tensor];
}

const initial = (shapes: readonly (readonly number[])[]): State => ({
  parameters: shapes.map((shape) => ones(shape)),
  first: shapes.map((shape) => zeros(shape)),
  second: shapes.map((shape) => zeros(shape)),
  powers: [ones([]), ones([])],
});

/** Kingma & Ba 2015, algorithm 1. */
function adam(state: State, gradients: readonly Tensor[]): State {
  const [rate, epsilon, decay, decaySquares] = [1e-3, 1e-8, 0.9, 0.999];
  const powers = [mul(state.powers[0], decay), mul(state.powers[1], decaySquares)] as const;
  const first = state.first.map((m, k) => add(mul(m, decay), mul(gradients[k], 1 - decay)));
  const second = state.second.map((v, k) => add(mul(v, decaySquares), mul(square(gradients[k]), 1 - decaySquares)));
  const parameters = state.parameters.map((p, k) => {
    const mean = div(first[k], sub(1, powers[0]));
    const deviation = sqrt(div(second[k], sub(1, powers[1])));
    return sub(p, div(mul(mean, rate), add(deviation, epsilon)));
  });
  return { parameters, first, second, powers };
}

const stepWith =
  <Batch>(loss: (parameters: readonly Tensor[], batch: Batch) => Tensor) =>
  (state: State, batch: Batch) => {
    const [value, gradients] = valueAndGrad((parameters: readonly Tensor[]) => loss(parameters, batch))(
      state.parameters,
    );
    return { state: adam(state, leaves("step", gradients)), output: value };
  };

/** 28 → 64 → 64 and four heads of one unit, 64 rows. */
export function mlpStep(): TrainingStep {
  const heads = [0, 1, 2, 3];
  const step = stepWith<{ x: Tensor; y: Tensor[] }>(([w1, b1, w2, b2, ...own], { x, y }) => {
    const shared = relu(add(matmul(relu(add(matmul(x, w1), b1)), w2), b2));
    const losses = heads.map((k) => mean(square(sub(add(matmul(shared, own[2 * k]), own[2 * k + 1]), y[k]))));
    return losses.reduce((total, one) => add(total, one));
  });
  const shapes = [[28, 64], [64], [64, 64], [64], ...heads.flatMap(() => [[64, 1], [1]])];
  return { step, args: [initial(shapes), { x: ones([64, 28]), y: heads.map(() => ones([64, 1])) }] };
}

/** conv 32 – pool – conv 64 – pool – dense 64 and two heads of ten classes, 32 images of 28 × 28. */
export function cnnStep(): TrainingStep {
  const heads = [0, 1];
  const step = stepWith<{ x: Tensor; y: Tensor[] }>(([f1, c1, f2, c2, w, b, ...own], { x, y }) => {
    const layer = (images: Tensor, filters: Tensor, bias: Tensor) =>
      maxPool2d(relu(add(conv2d(images, filters, { padding: "same" }), bias)), 2);
    const features = reshape(layer(layer(x, f1, c1), f2, c2), [32, 64 * 7 * 7]);
    const shared = relu(add(matmul(features, w), b));
    const losses = heads.map((k) => {
      const scores = add(matmul(shared, own[2 * k]), own[2 * k + 1]);
      return mean(sub(logSumExp(scores, { axis: 1 }), sum(mul(scores, y[k]), { axis: 1 })));
    });
    return add(losses[0], losses[1]);
  });
  const dense = [[64 * 49, 64], [64]];
  const filters = [
    [32, 1, 3, 3],
    [32, 1, 1],
    [64, 32, 3, 3],
    [64, 1, 1],
  ];
  const shapes = [...filters, ...dense, ...heads.flatMap(() => [[64, 10], [10]])];
  return { step, args: [initial(shapes), { x: ones([32, 1, 28, 28]), y: heads.map(() => ones([32, 10])) }] };
}

/** A gradient step of L(W) = Σ_t ‖X_t w_t − y_t‖² + λ/2 tr(WKWᵀ) for 139 tasks of 28 features and 110 rows. */
export function kinshipStep(): TrainingStep {
  const loss = (w: Tensor, x: Tensor, y: Tensor, kinship: Tensor): Tensor => {
    const errors = sub(einsum("tnd,td->tn", x, w), y);
    return add(sum(square(errors)), mul(sum(mul(w, matmul(kinship, w))), 0.5));
  };
  const step = (w: Tensor, x: Tensor, y: Tensor, kinship: Tensor) => {
    const [value, gradient] = valueAndGrad((v: Tensor) => loss(v, x, y, kinship))(w);
    return [sub(w, mul(gradient, 1e-3)), value];
  };
  return { step, args: [ones([139, 28]), ones([139, 110, 28]), ones([139, 110]), ones([139, 139])] };
}
