import { callFamily } from "../harness/family.js";
import { uniform } from "../harness/values.js";

/** tanh(a·b + c)·d: what a compiler can do in one pass and a library of functions does in four. */
export const chain = callFamily<{ size: number }>({
  name: "tanh(a·b+c)·d",
  about: "four operations on vectors, element by element",
  cases: [
    { name: "10³", parameters: { size: 1000 }, quick: true },
    { name: "10⁵", parameters: { size: 100_000 } },
    { name: "10⁶", parameters: { size: 1_000_000 }, quick: true },
  ],
  tolerance: () => 2e-6,
  inputs: ({ size }) => ({
    a: uniform([size], 1, 2),
    b: uniform([size], 2, 2),
    c: uniform([size], 3, 2),
    d: uniform([size], 4, 2),
  }),
  reference: ({ a, b, c, d }, { size }) => [
    Float64Array.from({ length: size }, (_, i) => Math.tanh(a!.data[i]! * b!.data[i]! + c!.data[i]!) * d!.data[i]!),
  ],
  // A tanh has no agreed count of operations: only the passes over memory are limited here.
  work: ({ size }) => ({ bytes: 5 * 4 * size }),
  implementations: {
    kinship: ({ ops, compile, from, computes }, { a, b, c, d }) => {
      const [p, q, r, s] = [from(a!), from(b!), from(c!), from(d!)];
      const f = compile((w: typeof p, x: typeof p, y: typeof p, z: typeof p) => {
        const product = ops.mul(w, x);
        const sum = ops.add(product, y);
        const bent = ops.tanh(sum);
        const result = ops.mul(bent, z);
        ops.release(product, sum, bent);
        return result;
      });
      return computes(() => f(p, q, r, s));
    },
    tfjs: ({ tf, from, computes }, { a, b, c, d }) => {
      const [p, q, r, s] = [from(a!), from(b!), from(c!), from(d!)];
      return computes(() => tf.tidy(() => tf.mul(tf.tanh(tf.add(tf.mul(p, q), r)), s)));
    },
    jax: ({ jax, np, from, computes }, { a, b, c, d }) => {
      const [p, q, r, s] = [from(a!), from(b!), from(c!), from(d!)];
      const f = jax.jit((w: typeof p, x: typeof p, y: typeof p, z: typeof p) => np.tanh(w.mul(x).add(y)).mul(z));
      return computes(() => f(p.ref, q.ref, r.ref, s.ref));
    },
    numpyTs: ({ np, array, computes }, { a, b, c, d }) => {
      const [p, q, r, s] = [array(a!), array(b!), array(c!), array(d!)];
      return computes(() => {
        const product = np.multiply(p, q);
        const sum = np.add(product, r);
        const bent = np.tanh(sum);
        const result = np.multiply(bent, s);
        for (const part of [product, sum, bent]) part.dispose();
        return result;
      });
    },
    mlMatrix: ({ ml, matrix, computes }, { a, b, c, d }) => {
      const [p, q, r, s] = [matrix(a!), matrix(b!), matrix(c!), matrix(d!)];
      return computes(() => ml.Matrix.mul(p, q).add(r).tanh().mul(s));
    },
    ndarray: ({ ndarray, ops, array, computes }, { a, b, c, d }, { size }) => {
      const [p, q, r, s] = [array(a!), array(b!), array(c!), array(d!)];
      return computes(() => {
        const out = ndarray(new Float32Array(size), [size]);
        ops.mul(out, p, q);
        ops.addeq(out, r);
        // ndarray-ops has no tanh: (e²ˣ − 1) / (e²ˣ + 1), as 1 − 2 / (e²ˣ + 1).
        ops.mulseq(out, 2);
        ops.expeq(out);
        ops.addseq(out, 1);
        ops.recipeq(out);
        ops.mulseq(out, -2);
        ops.addseq(out, 1);
        ops.muleq(out, s);
        return out;
      });
    },
    gpu: ({ from, kernel, computes }, { a, b, c, d }, { size }) => {
      const [p, q, r, s] = [from(a!), from(b!), from(c!), from(d!)];
      const i = "this.thread.x";
      const run = kernel(`function (a, b, c, d) { return Math.tanh(a[${i}] * b[${i}] + c[${i}]) * d[${i}]; }`, [size]);
      return computes(() => run(p, q, r, s));
    },
    onnx: ({ computes }, inputs) =>
      computes(
        {
          nodes: [
            { operation: "Mul", inputs: ["a", "b"], output: "product" },
            { operation: "Add", inputs: ["product", "c"], output: "sum" },
            { operation: "Tanh", inputs: ["sum"], output: "bent" },
            { operation: "Mul", inputs: ["bent", "d"], output: "output" },
          ],
        },
        inputs,
      ),
  },
});

export const smallAddition = callFamily<{ size: number }>({
  name: "a+b",
  about: "a sum so small that only the cost of calling is left",
  cases: [{ name: "8 elements", parameters: { size: 8 }, quick: true }],
  tolerance: () => 1e-7,
  inputs: ({ size }) => ({ a: uniform([size], 1), b: uniform([size], 2) }),
  reference: ({ a, b }, { size }) => [Float64Array.from({ length: size }, (_, i) => a!.data[i]! + b!.data[i]!)],
  work: () => ({}),
  implementations: {
    kinship: ({ ops, compile, from, computes }, { a, b }) => {
      const [x, y] = [from(a!), from(b!)];
      const f = compile((p: typeof x, q: typeof x) => ops.add(p, q));
      return computes(() => f(x, y));
    },
    tfjs: ({ tf, from, computes }, { a, b }) => {
      const [x, y] = [from(a!), from(b!)];
      return computes(() => tf.add(x, y));
    },
    jax: ({ np, from, computes }, { a, b }) => {
      const [x, y] = [from(a!), from(b!)];
      return computes(() => np.add(x.ref, y.ref));
    },
    numpyTs: ({ np, array, computes }, { a, b }) => {
      const [x, y] = [array(a!), array(b!)];
      return computes(() => np.add(x, y));
    },
    jsPytorch: ({ torch, from, computes }, { a, b }) => {
      const [x, y] = [from(a!), from(b!)];
      return computes(() => torch.add(x, y));
    },
    mlMatrix: ({ ml, matrix, computes }, { a, b }) => {
      const [x, y] = [matrix(a!), matrix(b!)];
      return computes(() => ml.Matrix.add(x, y));
    },
    ndarray: ({ ndarray, ops, array, computes }, { a, b }, { size }) => {
      const [x, y] = [array(a!), array(b!)];
      return computes(() => {
        const out = ndarray(new Float32Array(size), [size]);
        ops.add(out, x, y);
        return out;
      });
    },
    gpu: ({ from, kernel, computes }, { a, b }, { size }) => {
      const [x, y] = [from(a!), from(b!)];
      const run = kernel("function (a, b) { return a[this.thread.x] + b[this.thread.x]; }", [size]);
      return computes(() => run(x, y));
    },
    onnx: ({ computes }, inputs) =>
      computes({ nodes: [{ operation: "Add", inputs: ["a", "b"], output: "output" }] }, inputs),
  },
});
