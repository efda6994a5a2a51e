import { callFamily } from "../harness/family.js";
import { uniform } from "../harness/values.js";

export const sum = callFamily<{ size: number }>({
  name: "sum",
  about: "all elements of a vector added up",
  cases: [{ name: "10⁶", parameters: { size: 1_000_000 }, quick: true }],
  // Positive values, so that the sum itself is the right scale; a running float32 sum of 10⁶ values drifts this far.
  tolerance: () => 1e-4,
  inputs: ({ size }) => {
    const { data, shape } = uniform([size], 1);
    return { a: { data: data.map(Math.abs), shape } };
  },
  reference: ({ a }) => [[Array.from(a!.data).reduce((total, value) => total + value, 0)]],
  work: ({ size }) => ({ bytes: 4 * size }),
  implementations: {
    kinship: ({ ops, compile, from, computes }, { a }) => {
      const x = from(a!);
      const f = compile((p: typeof x) => ops.sum(p));
      return computes(() => f(x));
    },
    tfjs: ({ tf, from, computes }, { a }) => {
      const x = from(a!);
      return computes(() => tf.sum(x));
    },
    jax: ({ jax, np, from, computes }, { a }) => {
      const x = from(a!);
      const f = jax.jit((p: typeof x) => np.sum(p));
      return computes(() => f(x.ref));
    },
    numpyTs: ({ np, array, computes }, { a }) => {
      const x = array(a!);
      return computes(() => np.sum(x));
    },
    jsPytorch: ({ from, computes }, { a }) => {
      const x = from(a!);
      return computes(() => x.sum());
    },
    mlMatrix: ({ matrix, computes }, { a }) => {
      const x = matrix(a!);
      return computes(() => x.sum());
    },
    ndarray: ({ ops, array, computes }, { a }) => {
      const x = array(a!);
      return computes(() => ops.sum(x));
    },
    onnx: ({ computes }, inputs) =>
      computes(
        { nodes: [{ operation: "ReduceSum", inputs: ["a"], output: "output", attributes: { keepdims: 0 } }] },
        inputs,
      ),
  },
});

export const softmax = callFamily<{ rows: number; columns: number }>({
  name: "softmax",
  about: "the softmax of each row of a matrix",
  cases: [{ name: "1000×1000", parameters: { rows: 1000, columns: 1000 }, quick: true }],
  tolerance: () => 1e-5,
  inputs: ({ rows, columns }) => ({ a: uniform([rows, columns], 1, 8) }),
  reference: ({ a }, { rows, columns }) => {
    const result = Float64Array.from(a!.data);
    for (let i = 0; i < rows; i++) {
      const row = result.subarray(i * columns, (i + 1) * columns);
      const largest = row.reduce((most, value) => Math.max(most, value));
      for (let j = 0; j < columns; j++) row[j] = Math.exp(row[j]! - largest);
      const total = row.reduce((sum, value) => sum + value);
      for (let j = 0; j < columns; j++) row[j]! /= total;
    }
    return [result];
  },
  work: ({ rows, columns }) => ({ bytes: 2 * 4 * rows * columns }),
  implementations: {
    kinship: ({ ops, compile, from, computes }, { a }) => {
      const x = from(a!);
      const f = compile((p: typeof x) => ops.softmax(p));
      return computes(() => f(x));
    },
    tfjs: ({ tf, from, computes }, { a }) => {
      const x = from(a!);
      return computes(() => tf.softmax(x));
    },
    jax: ({ jax, from, computes }, { a }) => {
      const x = from(a!);
      const f = jax.jit((p: typeof x) => jax.nn.softmax(p, -1));
      return computes(() => f(x.ref));
    },
    numpyTs: ({ np, array, computes }, { a }) => {
      const x = array(a!);
      return computes(() => {
        const largest = np.max(x, 1, true);
        const shifted = np.subtract(x, largest);
        const powers = np.exp(shifted);
        const totals = np.sum(powers, 1, true);
        const result = np.divide(powers, totals);
        for (const part of [largest, shifted, powers, totals]) part.dispose();
        return result;
      });
    },
    jsPytorch: ({ torch, from, computes }, { a }) => {
      const x = from(a!);
      const layer = new torch.nn.Softmax();
      return computes(() => layer.forward(x, -1));
    },
    mlMatrix: ({ matrix, computes }, { a }) => {
      const x = matrix(a!);
      return computes(() => {
        const powers = x.clone().subColumnVector(x.max("row")).exp();
        return powers.divColumnVector(powers.sum("row"));
      });
    },
    ndarray: ({ ndarray, ops, array, computes }, { a }, { rows, columns }) => {
      const x = array(a!);
      return computes(() => {
        const out = ndarray(new Float32Array(rows * columns), [rows, columns]);
        for (let i = 0; i < rows; i++) {
          const row = out.pick(i, null);
          ops.subs(row, x.pick(i, null), ops.sup(x.pick(i, null)));
          ops.expeq(row);
          ops.divseq(row, ops.sum(row));
        }
        return out;
      });
    },
    onnx: ({ computes }, inputs) =>
      computes({ nodes: [{ operation: "Softmax", inputs: ["a"], output: "output", attributes: { axis: 1 } }] }, inputs),
  },
});
