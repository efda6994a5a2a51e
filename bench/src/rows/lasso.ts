import { callFamily, Lacking } from "../harness/family.js";
import { type Inputs, randomSource, uniform, type Values } from "../harness/values.js";

type Lasso = { rows: number; features: number; tasks: number; relevant: number; alpha: number; tolerance: number };

const ROUNDS = 10_000;

/** X uniform; Y = X W + noise, where only the first `relevant` rows of W are not zero. */
function inputs({ rows, features, tasks, relevant }: Lasso): Inputs {
  const x = uniform([rows, features], 1, 2, "float64");
  const w = uniform([relevant, tasks], 2, 2, "float64");
  const random = randomSource(3);
  const y: Values = { data: new Float64Array(rows * tasks), shape: [rows, tasks] };
  for (let row = 0; row < rows; row++)
    for (let task = 0; task < tasks; task++) {
      let value = (random() - 0.5) / 4;
      for (let j = 0; j < relevant; j++) value += x.data[row * features + j]! * w.data[j * tasks + task]!;
      y.data[row * tasks + task] = value;
    }
  return { x, y };
}

/** XᵀX and XᵀY, each over n. */
function normalEquations(
  { x, y }: Inputs,
  { rows, features, tasks }: Lasso,
): { gram: Float64Array; moment: Float64Array } {
  const gram = new Float64Array(features * features);
  const moment = new Float64Array(features * tasks);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < features; i++) {
      const value = x!.data[row * features + i]! / rows;
      for (let j = 0; j < features; j++) gram[i * features + j]! += value * x!.data[row * features + j]!;
      for (let t = 0; t < tasks; t++) moment[i * tasks + t]! += value * y!.data[row * tasks + t]!;
    }
  return { gram, moment };
}

/** Block coordinate descent, a row of W at a time (Friedman, Hastie & Tibshirani, 2010), until nothing moves. */
function reference(given: Inputs, parameters: Lasso): Float64Array[] {
  const { features, tasks, alpha } = parameters;
  const { gram, moment } = normalEquations(given, parameters);
  const w = new Float64Array(features * tasks);
  for (let round = 0; round < ROUNDS; round++) {
    let moved = 0;
    for (let j = 0; j < features; j++) {
      const curvature = gram[j * features + j]!;
      const pull = Float64Array.from({ length: tasks }, (_, t) => {
        let sum = moment[j * tasks + t]! + curvature * w[j * tasks + t]!;
        for (let i = 0; i < features; i++) sum -= gram[j * features + i]! * w[i * tasks + t]!;
        return sum;
      });
      const scale = Math.max(0, 1 - alpha / Math.hypot(...pull)) / curvature;
      for (const [t, value] of pull.entries()) {
        moved = Math.max(moved, Math.abs(scale * value - w[j * tasks + t]!));
        w[j * tasks + t] = scale * value;
      }
    }
    if (moved < 1e-12) break;
  }
  return [w];
}

/**
 * min ‖Y − XW‖²_F / 2n + α Σ_j ‖W_j‖₂. scikit-learn has this solver; JavaScript's peers have none, and are given
 * what their users would write: accelerated proximal gradients (Beck & Teboulle, 2009) on XᵀX, until no weight
 * moves by more than the tolerance.
 */
export const multiTaskLasso = callFamily<Lasso>({
  name: "multi-task lasso",
  about: "rows of weights shared or dropped by all tasks at once, from data to weights",
  cases: [
    {
      name: "n=1000 d=100 T=20",
      parameters: { rows: 1000, features: 100, tasks: 20, relevant: 10, alpha: 0.1, tolerance: 1e-6 },
      quick: true,
    },
  ],
  tolerance: () => 1e-4,
  inputs,
  reference,
  work: ({ rows, features, tasks }) => ({ bytes: 8 * rows * (features + tasks), dtype: "float64" }),
  implementations: {
    kinship: ({ mtl, compiled }, given, { rows, features, tasks, alpha, tolerance }) => {
      if (compiled) throw new Lacking("a solver has nothing to compile");
      const x = { data: given.x!.data, shape: [rows, features], stride: [features, 1], offset: 0 };
      const columns = Array.from({ length: tasks }, (_, t) => ({
        name: `task ${t}`,
        x,
        y: Float64Array.from({ length: rows }, (_, row) => given.y!.data[row * tasks + t]!),
      }));
      const regularizer = mtl.jointFeatures();
      // Our objective is not divided by 2n.
      const lambda = 2 * rows * alpha;
      return {
        run: () => mtl.fitLinear({ tasks: columns, regularizer, lambda, intercept: "none", tolerance }),
        read: (model) => {
          const { weights } = model as ReturnType<typeof mtl.fitLinear>;
          return [
            Float64Array.from(
              { length: features * tasks },
              (_, k) => weights[(k % tasks) * features + Math.floor(k / tasks)]!,
            ),
          ];
        },
      };
    },
    numpyTs: ({ np, array, computes }, given, { rows, features, tasks, alpha, tolerance }) => {
      const [x, y] = [array(given.x!), array(given.y!)];
      return computes(() => {
        const xt = x.T.copy();
        const gram = np.divide(np.matmul(xt, x), rows);
        const moment = np.divide(np.matmul(xt, y), rows);
        const step = stepOf(gram.data, features);
        let w = np.multiply(moment, 0);
        let ahead = w;
        let momentum = 1;
        for (let round = 0; round < ROUNDS; round++) {
          const slope = np.subtract(np.matmul(gram, ahead), moment);
          const moved = np.subtract(ahead, np.multiply(slope, step));
          const norms = np.sqrt(np.sum(np.square(moved), 1, true));
          const kept = np.maximum(np.divide(np.subtract(norms, alpha * step), norms), 0);
          const next = np.multiply(moved, kept);
          const change = np.subtract(next, w);
          const following = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2;
          ahead = np.add(next, np.multiply(change, (momentum - 1) / following));
          momentum = following;
          w = next;
          if (np.max(np.absolute(change)) < tolerance) break;
        }
        return w.reshape(features * tasks);
      });
    },
    tfjs: ({ tf, from, computes }, given, { rows, features, alpha, tolerance }) => {
      const [x, y] = [from(given.x!), from(given.y!)];
      return computes(() => {
        const [gram, moment] = tf.tidy(() => [
          tf.div(tf.matMul(x, x, true), rows),
          tf.div(tf.matMul(x, y, true), rows),
        ]) as [typeof x, typeof x];
        const step = stepOf(gram.dataSync(), features);
        let w = tf.mul(moment, 0);
        let ahead = tf.mul(moment, 0);
        let momentum = 1;
        for (let round = 0; round < ROUNDS; round++) {
          const following = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2;
          const [next, forward, change] = tf.tidy(() => {
            const moved = tf.sub(ahead, tf.mul(tf.sub(tf.matMul(gram, ahead), moment), step));
            const norms = tf.sqrt(tf.sum(tf.square(moved), 1, true));
            const result = tf.mul(moved, tf.maximum(tf.div(tf.sub(norms, alpha * step), norms), 0));
            const difference = tf.sub(result, w);
            return [result, tf.add(result, tf.mul(difference, (momentum - 1) / following)), tf.max(tf.abs(difference))];
          }) as [typeof x, typeof x, typeof x];
          momentum = following;
          const size = change.dataSync()[0]!;
          tf.dispose([w, ahead, change]);
          [w, ahead] = [next, forward];
          if (size < tolerance) break;
        }
        tf.dispose([gram, moment, ahead]);
        return w;
      });
    },
    mlMatrix: ({ ml, matrix, computes }, given, { rows, features, alpha, tolerance }) => {
      const [x, y] = [matrix(given.x!), matrix(given.y!)];
      return computes(() => {
        const xt = x.transpose();
        const gram = xt.mmul(x).mul(1 / rows);
        const moment = xt.mmul(y).mul(1 / rows);
        const step = stepOf(gram.to1DArray(), features);
        let w = ml.Matrix.mul(moment, 0);
        let ahead = w;
        let momentum = 1;
        for (let round = 0; round < ROUNDS; round++) {
          const moved = ahead.clone().sub(gram.mmul(ahead).sub(moment).mul(step));
          const kept = ml.Matrix.mul(moved, moved)
            .sum("row")
            .map((square) => Math.max(0, 1 - (alpha * step) / Math.sqrt(square)));
          const next = moved.mulColumnVector(kept);
          const change = next.clone().sub(w);
          const following = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2;
          ahead = ml.Matrix.mul(change, (momentum - 1) / following).add(next);
          momentum = following;
          w = next;
          if (Math.max(change.max(), -change.min()) < tolerance) break;
        }
        return w;
      });
    },
  },
});

/** One over a bound of the largest eigenvalue of XᵀX/n: its largest absolute row sum (Gershgorin, 1931). */
function stepOf(gram: ArrayLike<number>, features: number): number {
  let bound = 0;
  for (let i = 0; i < features; i++) {
    let sum = 0;
    for (let j = 0; j < features; j++) sum += Math.abs(gram[i * features + j]!);
    bound = Math.max(bound, sum);
  }
  return 1 / bound;
}
