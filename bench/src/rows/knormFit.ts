import { callFamily, Lacking } from "../harness/family.js";
import type { Inputs } from "../harness/values.js";
import { blockProduct, grams, type KNorm, moments, rowCounts, rowsOf, SCHOOL } from "./knormData.js";

const STEPS = 500;
const ACCURACY = 1e-9;

/** K w = w − (Σ_t w_t) / (T + μ), column by column. */
function tied(w: Float64Array, { tasks, features, shrinkage }: KNorm): Float64Array {
  const sums = new Float64Array(features);
  for (let at = 0; at < w.length; at++) sums[at % features]! += w[at]!;
  return w.map((value, at) => value - sums[at % features]! / (tasks + shrinkage));
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Conjugate gradients on 2 A_t w_t + λ (K W)_t = 2 X_tᵀ y_t, from zero (Hestenes & Stiefel, 1952). */
function reference(inputs: Inputs, parameters: KNorm): Float64Array[] {
  const { features, lambda } = parameters;
  const blocks = grams(inputs, parameters);
  const apply = (w: Float64Array) => {
    const tie = tied(w, parameters);
    return blockProduct(blocks, w, features).map((value, at) => 2 * value + lambda * tie[at]!);
  };
  const residual = moments(inputs, parameters).map((value) => 2 * value);
  const w = new Float64Array(residual.length);
  let direction = residual.slice();
  let square = dot(residual, residual);
  const goal = (ACCURACY / 100) ** 2 * square;
  for (let step = 0; step < STEPS && square > goal; step++) {
    const image = apply(direction);
    const length = square / dot(direction, image);
    for (let i = 0; i < w.length; i++) {
      w[i]! += length * direction[i]!;
      residual[i]! -= length * image[i]!;
    }
    const next = dot(residual, residual);
    direction = residual.map((value, i) => value + (next / square) * direction[i]!);
    square = next;
  }
  return [w];
}

/**
 * From the rows to the weights. No peer has a solver for it: theirs is what their users would write,
 * Gram matrices once and then conjugate gradients to a relative residual of 1e-9.
 */
export const knormFit = callFamily<KNorm>({
  name: "K-norm fit",
  about: "the weights of 139 tasks tied to their mean, solved to the end in float64",
  cases: [{ name: "139 tasks", parameters: SCHOOL, quick: true }],
  tolerance: () => 1e-6,
  inputs: (parameters) => rowsOf(parameters, "float64"),
  reference,
  work: (parameters) => ({
    bytes: 8 * rowCounts(parameters).reduce((sum, count) => sum + count) * (parameters.features + 1),
    dtype: "float64",
  }),
  implementations: {
    kinship: ({ mtl, compiled }, inputs, parameters) => {
      if (compiled) throw new Lacking("a solver has nothing to compile");
      const { features, most, lambda, shrinkage } = parameters;
      const counts = rowCounts(parameters);
      const tasks = Array.from(counts, (count, t) => {
        const start = t * most;
        return {
          name: `task ${t}`,
          x: {
            data: inputs.x!.data.subarray(start * features, (start + count) * features),
            shape: [count, features],
            stride: [features, 1],
            offset: 0,
          },
          y: inputs.y!.data.subarray(start, start + count),
        };
      });
      const kinship = mtl.meanKinship({ shrinkage });
      return {
        run: () => mtl.fitKNorm({ tasks, kinship, lambda, intercept: "none" }),
        // The nodes after the tasks are the mean that was eliminated.
        read: (model) => [(model as ReturnType<typeof mtl.fitKNorm>).weights.subarray(0, counts.length * features)],
      };
    },
    numpyTs: ({ np, array, computes }, inputs, { tasks, features, lambda, shrinkage }) => {
      const [x, y] = [array(inputs.x!), array(inputs.y!)];
      type A = typeof x;
      const inner = (a: A, b: A) => np.sum(np.multiply(a, b));
      return computes(() => {
        const xt = np.transpose(x, [0, 2, 1]).copy();
        const blocks = np.multiply(np.matmul(xt, x), 2);
        let residual = np.multiply(np.matmul(xt, y), 2);
        let w = np.multiply(residual, 0);
        let direction = residual;
        let square = inner(residual, residual);
        const goal = ACCURACY ** 2 * square;
        for (let step = 0; step < STEPS && square > goal; step++) {
          const mean = np.divide(np.sum(direction, 0, true), tasks + shrinkage);
          const tie = np.multiply(np.subtract(direction, mean), lambda);
          const image = np.add(np.matmul(blocks, direction), tie);
          const length = square / inner(direction, image);
          w = np.add(w, np.multiply(direction, length));
          residual = np.subtract(residual, np.multiply(image, length));
          const next = inner(residual, residual);
          direction = np.add(residual, np.multiply(direction, next / square));
          square = next;
        }
        return w.reshape(tasks * features);
      });
    },
    mlMatrix: ({ ml, matrix, computes }, inputs, parameters) => {
      const { tasks, features, most, lambda, shrinkage } = parameters;
      const counts = rowCounts(parameters);
      const rows = Array.from(counts, (count, t) => ({
        x: matrix({
          data: inputs.x!.data.subarray(t * most * features, (t * most + count) * features),
          shape: [count, features],
        }),
        y: matrix({ data: inputs.y!.data.subarray(t * most, t * most + count), shape: [count, 1] }),
      }));
      type M = ReturnType<typeof matrix>;
      const inner = (a: M[], b: M[]) => a.reduce((sum, value, t) => sum + ml.Matrix.mul(value, b[t]!).sum(), 0);
      return computes(() => {
        const transposed = rows.map(({ x }) => x.transpose());
        const blocks = rows.map(({ x }, t) => transposed[t]!.mmul(x).mul(2));
        let residual = rows.map(({ y }, t) => transposed[t]!.mmul(y).mul(2));
        let w = residual.map((value) => ml.Matrix.mul(value, 0));
        let direction = residual;
        let square = inner(residual, residual);
        const goal = ACCURACY ** 2 * square;
        for (let step = 0; step < STEPS && square > goal; step++) {
          const mean = direction.slice(1).reduce((sum, value) => sum.add(value), direction[0]!.clone());
          mean.mul(1 / (tasks + shrinkage));
          const image = direction.map((value, t) => blocks[t]!.mmul(value).add(value.clone().sub(mean).mul(lambda)));
          const length = square / inner(direction, image);
          w = w.map((value, t) => value.add(ml.Matrix.mul(direction[t]!, length)));
          residual = residual.map((value, t) => value.clone().sub(image[t]!.mul(length)));
          const next = inner(residual, residual);
          const share = next / square;
          direction = residual.map((value, t) => ml.Matrix.mul(direction[t]!, share).add(value));
          square = next;
        }
        return ml.Matrix.from1DArray(
          tasks,
          features,
          w.flatMap((value) => value.to1DArray()),
        );
      });
    },
  },
});
