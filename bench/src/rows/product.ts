import { callFamily, Lacking } from "../harness/family.js";
import { uniform, type Values } from "../harness/values.js";

type Product = {
  rows: number;
  inner: number;
  columns: number;
  /** a is stored inner × rows. */
  transposeA: boolean;
  /** b is stored columns × inner. */
  transposeB: boolean;
  dtype: "float32" | "float64";
};

const square = (size: number, options: Partial<Product> = {}): Product => ({
  rows: size,
  inner: size,
  columns: size,
  transposeA: false,
  transposeB: false,
  dtype: "float32",
  ...options,
});

const oblong = (rows: number, inner: number, columns: number): Product => ({ ...square(1), rows, inner, columns });

/** In float64, rows of b added to rows of the product. */
function reference(a: Values, b: Values, { rows, inner, columns, transposeA, transposeB }: Product): Float64Array {
  const product = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < inner; k++) {
      const factor = a.data[transposeA ? k * rows + i : i * inner + k]!;
      for (let j = 0; j < columns; j++)
        product[i * columns + j]! += factor * b.data[transposeB ? j * inner + k : k * columns + j]!;
    }
  return product;
}

export const product = callFamily<Product>({
  name: "product",
  about: "the product of two matrices",
  cases: [
    { name: "64", parameters: square(64), quick: true },
    { name: "128", parameters: square(128) },
    { name: "256", parameters: square(256), quick: true },
    { name: "512", parameters: square(512) },
    { name: "1024", parameters: square(1024) },
    { name: "63", parameters: square(63) },
    { name: "65", parameters: square(65), quick: true },
    { name: "255", parameters: square(255) },
    { name: "257", parameters: square(257) },
    { name: "256 AᵀB", parameters: square(256, { transposeA: true }), quick: true },
    { name: "256 ABᵀ", parameters: square(256, { transposeB: true }) },
    { name: "256 AᵀBᵀ", parameters: square(256, { transposeA: true, transposeB: true }) },
    { name: "64×28·28×139", parameters: oblong(64, 28, 139), quick: true },
    { name: "256×128·128×64", parameters: oblong(256, 128, 64) },
    { name: "32×784·784×256", parameters: oblong(32, 784, 256) },
    { name: "256 float64", parameters: square(256, { dtype: "float64" }), quick: true },
    { name: "512 float64", parameters: square(512, { dtype: "float64" }) },
  ],
  // float32 sums of n products, each rounded: about √n half-ulps, and n at worst.
  tolerance: ({ inner, dtype }) => inner * (dtype === "float32" ? 2 ** -24 : 2 ** -53),
  inputs: ({ rows, inner, columns, transposeA, transposeB, dtype }) => ({
    a: uniform(transposeA ? [inner, rows] : [rows, inner], 1, 1, dtype),
    b: uniform(transposeB ? [columns, inner] : [inner, columns], 2, 1, dtype),
  }),
  reference: ({ a, b }, parameters) => [reference(a!, b!, parameters)],
  work: ({ rows, inner, columns, dtype }) => ({
    flops: 2 * rows * inner * columns,
    bytes: (dtype === "float32" ? 4 : 8) * (rows * inner + inner * columns + rows * columns),
    dtype,
  }),
  implementations: {
    kinship: ({ ops, compile, from, computes }, { a, b }, { transposeA, transposeB }) => {
      const [x, y] = [from(a!), from(b!)];
      const f = compile((p: typeof x, q: typeof x) =>
        ops.matmul(transposeA ? ops.transpose(p) : p, transposeB ? ops.transpose(q) : q),
      );
      return computes(() => f(x, y));
    },
    tfjs: ({ tf, from, computes }, { a, b }, { transposeA, transposeB, dtype }) => {
      if (dtype === "float64") throw new Lacking("has no float64");
      const [x, y] = [from(a!), from(b!)];
      return computes(() => tf.matMul(x, y, transposeA, transposeB));
    },
    jax: ({ jax, np, from, computes }, { a, b }, { transposeA, transposeB }) => {
      const [x, y] = [from(a!), from(b!)];
      const f = jax.jit((p: typeof x, q: typeof y) =>
        np.matmul(transposeA ? np.transpose(p) : p, transposeB ? np.transpose(q) : q),
      );
      return computes(() => f(x.ref, y.ref));
    },
    numpyTs: ({ np, array, computes }, { a, b }, { transposeA, transposeB }) => {
      const [x, y] = [array(a!), array(b!)];
      return computes(() => np.matmul(transposeA ? x.T : x, transposeB ? y.T : y));
    },
    jsPytorch: ({ torch, from, computes }, { a, b }, { transposeA, transposeB }) => {
      const [x, y] = [from(a!), from(b!)];
      return computes(() =>
        torch.matmul(transposeA ? torch.transpose(x, 0, 1) : x, transposeB ? torch.transpose(y, 0, 1) : y),
      );
    },
    mlMatrix: ({ matrix, computes }, { a, b }, { transposeA, transposeB }) => {
      const [x, y] = [matrix(a!), matrix(b!)];
      return computes(() => (transposeA ? x.transpose() : x).mmul(transposeB ? y.transpose() : y));
    },
    ndarray: ({ ndarray, gemm, array, computes }, { a, b }, { rows, columns, transposeA, transposeB, dtype }) => {
      const [x, y] = [array(a!), array(b!)];
      const left = transposeA ? x.transpose(1, 0) : x;
      const right = transposeB ? y.transpose(1, 0) : y;
      const make = dtype === "float32" ? Float32Array : Float64Array;
      return computes(() => {
        const out = ndarray(new make(rows * columns), [rows, columns]);
        gemm(out, left, right);
        return out;
      });
    },
    gpu: ({ from, kernel, computes }, { a, b }, { rows, inner, columns, transposeA, transposeB, dtype }) => {
      if (dtype === "float64") throw new Lacking("has no float64");
      const [x, y] = [from(a!), from(b!)];
      const [i, j] = ["this.thread.y", "this.thread.x"];
      const run = kernel(
        `function (a, b) {
          let sum = 0;
          for (let k = 0; k < this.constants.inner; k++)
            sum += a[${transposeA ? `k][${i}` : `${i}][k`}] * b[${transposeB ? `${j}][k` : `k][${j}`}];
          return sum;
        }`,
        [rows, columns],
        { inner },
      );
      return computes(() => run(x, y));
    },
    onnx: ({ computes }, { a, b }, { transposeA, transposeB }) =>
      computes(
        {
          nodes: [
            {
              operation: "Gemm",
              inputs: ["a", "b"],
              output: "output",
              attributes: { transA: Number(transposeA), transB: Number(transposeB) },
            },
          ],
        },
        { a: a!, b: b! },
      ),
  },
});
