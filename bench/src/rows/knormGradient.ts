import { callFamily } from "../harness/family.js";
import { type Inputs, uniform } from "../harness/values.js";
import { blockProduct, grams, type KNorm, meanK, moments, rowCounts, rowsOf, SCHOOL } from "./knormData.js";

type From = KNorm & { from: "rows" | "Gram matrices" };

/** 2 X_tᵀ(X_t w_t − y_t) + λ (K W)_t for all tasks, W as a row for each. */
function reference(inputs: Inputs, parameters: From): Float64Array[] {
  const { tasks, features, lambda } = parameters;
  const w = inputs.w!.data;
  const [blocks, targets] =
    parameters.from === "rows"
      ? [grams(inputs, parameters), moments(inputs, parameters)]
      : [inputs.blocks!.data, inputs.targets!.data];
  const fitted = blockProduct(blocks, w, features);
  return [
    fitted.map((value, at) => {
      const task = Math.floor(at / features);
      let tie = 0;
      for (let other = 0; other < tasks; other++)
        tie += inputs.k!.data[task * tasks + other]! * w[other * features + (at % features)]!;
      return 2 * (value - targets[at]!) + lambda * tie;
    }),
  ];
}

export const knormGradient = callFamily<From>({
  name: "K-norm gradient",
  about: "the gradient of squared errors and of tasks tied by K; 139 tasks, 28 features, about 110 rows each",
  cases: [
    { name: "from rows", parameters: { ...SCHOOL, from: "rows" }, quick: true },
    { name: "from Gram matrices", parameters: { ...SCHOOL, from: "Gram matrices" } },
  ],
  tolerance: () => 1e-5,
  inputs: (parameters) => {
    const { tasks, features, from } = parameters;
    const rows = rowsOf(parameters, "float32");
    const data: Inputs =
      from === "rows"
        ? rows
        : {
            blocks: { data: Float32Array.from(grams(rows, parameters)), shape: [tasks, features, features] },
            targets: { data: Float32Array.from(moments(rows, parameters)), shape: [tasks, features, 1] },
          };
    return { ...data, w: uniform([tasks, features], 3), k: meanK(parameters) };
  },
  reference,
  work: (parameters) => {
    const { tasks, features, from } = parameters;
    const rows = rowCounts(parameters).reduce((sum, count) => sum + count);
    const tie = 2 * tasks * tasks * features;
    return from === "rows"
      ? { flops: 4 * rows * features + tie, bytes: 4 * (rows * (features + 1) + tasks * tasks) }
      : { flops: 2 * tasks * features ** 2 + tie, bytes: 4 * (tasks * features ** 2 + tasks * tasks) };
  },
  implementations: {
    kinship: ({ ops, compile, from: make, computes }, inputs, { tasks, features, lambda, from }) => {
      const { add, matmul, mul, reshape, sub, transpose } = ops;
      const [w, k] = [make(inputs.w!), make(inputs.k!)];
      type A = typeof w;
      const column = (weights: A) => reshape(weights, [tasks, features, 1]);
      const finish = (pull: A, weights: A, tie: A) =>
        add(mul(reshape(pull, [tasks, features]), 2), mul(matmul(tie, weights), lambda));
      if (from === "rows") {
        const [x, y] = [make(inputs.x!), make(inputs.y!)];
        const f = compile((rows: A, targets: A, weights: A, tie: A) => {
          const residual = sub(matmul(rows, column(weights)), targets);
          return finish(matmul(transpose(rows, [0, 2, 1]), residual), weights, tie);
        });
        return computes(() => f(x, y, w, k));
      }
      const [blocks, targets] = [make(inputs.blocks!), make(inputs.targets!)];
      const f = compile((a: A, c: A, weights: A, tie: A) => finish(sub(matmul(a, column(weights)), c), weights, tie));
      return computes(() => f(blocks, targets, w, k));
    },
    tfjs: ({ tf, from: make, computes }, inputs, { tasks, features, lambda, from }) => {
      const [w, k] = [make(inputs.w!), make(inputs.k!)];
      const column = tf.reshape(w, [tasks, features, 1]);
      const finish = (pull: typeof w) =>
        tf.add(tf.mul(tf.reshape(pull, [tasks, features]), 2), tf.mul(tf.matMul(k, w), lambda));
      if (from === "rows") {
        const [x, y] = [make(inputs.x!), make(inputs.y!)];
        return computes(() => tf.tidy(() => finish(tf.matMul(x, tf.sub(tf.matMul(x, column), y), true))));
      }
      const [blocks, targets] = [make(inputs.blocks!), make(inputs.targets!)];
      return computes(() => tf.tidy(() => finish(tf.sub(tf.matMul(blocks, column), targets))));
    },
    jax: ({ jax, np, from: make, computes }, inputs, { tasks, features, lambda, from }) => {
      const [w, k] = [make(inputs.w!), make(inputs.k!)];
      type A = typeof w;
      const finish = (pull: A, weights: A, tie: A) =>
        pull.reshape([tasks, features]).mul(2).add(np.matmul(tie, weights).mul(lambda));
      if (from === "rows") {
        const [x, y] = [make(inputs.x!), make(inputs.y!)];
        const f = jax.jit((rows: A, targets: A, weights: A, tie: A) => {
          const fitted = np.matmul(rows.ref, weights.ref.reshape([tasks, features, 1]));
          return finish(np.matmul(np.transpose(rows, [0, 2, 1]), fitted.sub(targets)), weights, tie);
        });
        return computes(() => f(x.ref, y.ref, w.ref, k.ref));
      }
      const [blocks, targets] = [make(inputs.blocks!), make(inputs.targets!)];
      const f = jax.jit((a: A, c: A, weights: A, tie: A) =>
        finish(np.matmul(a, weights.ref.reshape([tasks, features, 1])).sub(c), weights, tie),
      );
      return computes(() => f(blocks.ref, targets.ref, w.ref, k.ref));
    },
    numpyTs: ({ np, array, computes }, inputs, { tasks, features, lambda, from }) => {
      const [w, k] = [array(inputs.w!), array(inputs.k!)];
      const column = w.reshape(tasks, features, 1);
      const finish = (pull: typeof w) =>
        np.add(np.multiply(pull.reshape(tasks, features), 2), np.multiply(np.matmul(k, w), lambda));
      if (from === "rows") {
        const [x, y] = [array(inputs.x!), array(inputs.y!)];
        const xt = np.transpose(x, [0, 2, 1]).copy();
        return computes(() => finish(np.matmul(xt, np.subtract(np.matmul(x, column), y))));
      }
      const [blocks, targets] = [array(inputs.blocks!), array(inputs.targets!)];
      return computes(() => finish(np.subtract(np.matmul(blocks, column), targets)));
    },
    mlMatrix: ({ ml, matrix, computes }, inputs, parameters) => {
      const { tasks, features, lambda, most, from } = parameters;
      const [w, k] = [matrix(inputs.w!), matrix(inputs.k!)];
      const weights = Array.from({ length: tasks }, (_, t) => w.subMatrix(t, t, 0, features - 1).transpose());
      const counts = rowCounts(parameters);
      const part = (name: "x" | "y" | "blocks" | "targets", task: number, rows: number, stride: number) => {
        const { data, shape } = inputs[name]!;
        const columns = shape[2]!;
        const start = task * stride * columns;
        return matrix({ data: data.subarray(start, start + rows * columns), shape: [rows, columns] });
      };
      const tie = () => k.mmul(w).mul(lambda);
      const gather = (pulls: { to1DArray(): number[] }[]) =>
        ml.Matrix.from1DArray(
          tasks,
          features,
          pulls.flatMap((pull) => pull.to1DArray()),
        );
      if (from === "rows") {
        const x = weights.map((_, t) => part("x", t, counts[t]!, most));
        const xt = x.map((rows) => rows.transpose());
        const y = weights.map((_, t) => part("y", t, counts[t]!, most));
        return computes(() =>
          gather(weights.map((column, t) => xt[t]!.mmul(x[t]!.mmul(column).sub(y[t]!)).mul(2))).add(tie()),
        );
      }
      const blocks = weights.map((_, t) => part("blocks", t, features, features));
      const targets = weights.map((_, t) => part("targets", t, features, features));
      return computes(() =>
        gather(weights.map((column, t) => blocks[t]!.mmul(column).sub(targets[t]!).mul(2))).add(tie()),
      );
    },
  },
});
