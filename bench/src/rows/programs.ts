import { programFamily } from "../harness/family.js";

const SIZE = 64;
const VALUES = `Float32Array.from({ length: ${SIZE * SIZE} }, (_, i) => (i % 7) - 3)`;
const SHOWN = [0, 100, SIZE * SIZE - 1];

/** Prints the values of `p`, an array of numbers, at the places that are verified. */
const show = `console.log(JSON.stringify([${SHOWN.map((at) => `p[${at}]`).join(", ")}]));`;

const tfjs = (backend: string) => `
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-${backend}";
await tf.setBackend("${backend}");`;

/** The package of packages: larger, but the only one whose gradients are registered in Node. */
const umbrella = (backend: string) => `
import * as tf from "@tensorflow/tfjs";
${backend === "wasm" ? 'import "@tensorflow/tfjs-backend-wasm";' : ""}
await tf.setBackend("${backend}");`;

const GRADIENTS_OF_TFJS = `
import "@tensorflow/tfjs-core/dist/register_all_gradients";`;

const python = (imports: string, product: string) => `
${imports}
values = [float(i % 7 - 3) for i in range(${SIZE * SIZE})]
p = ${product}
print([float(p[at]) for at in ${JSON.stringify(SHOWN)}], flush=True)`;

/** From the start of a process: import the library, multiply two matrices of 64 × 64, print. */
export const start = programFamily<Record<string, never>>({
  name: "start",
  about: "from the start of a process to its first product of 64 × 64, printed",
  quantity: "start",
  cases: [{ name: "import + first product", parameters: {}, quick: true }],
  tolerance: 1e-6,
  reference: () => {
    const value = (row: number, column: number) => ((row * SIZE + column) % 7) - 3;
    return SHOWN.map((at) => {
      let sum = 0;
      for (let k = 0; k < SIZE; k++) sum += value(Math.floor(at / SIZE), k) * value(k, at % SIZE);
      return sum;
    });
  },
  programs: () => {
    const sources: Record<string, string> = {
      kinship: `
import { matmul, tensor } from "@kinship/tensor";
const a = tensor(${VALUES}, { shape: [${SIZE}, ${SIZE}] });
const p = matmul(a, a).toTypedArray();
${show}`,
      "kinship compiled": `
import { matmul, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
const a = tensor(${VALUES}, { shape: [${SIZE}, ${SIZE}] });
const p = compile((x) => matmul(x, x))(a).toTypedArray();
${show}`,
      "tfjs wasm": `${tfjs("wasm")}
const a = tf.tensor(${VALUES}, [${SIZE}, ${SIZE}]);
const p = tf.matMul(a, a).dataSync();
${show}`,
      "tfjs cpu": `${tfjs("cpu")}
const a = tf.tensor(${VALUES}, [${SIZE}, ${SIZE}]);
const p = tf.matMul(a, a).dataSync();
${show}`,
      "jax-js": `
import { init, numpy as np } from "@jax-js/jax";
await init("wasm");
const a = np.array(${VALUES}).reshape([${SIZE}, ${SIZE}]);
const p = np.matmul(a.ref, a).dataSync();
${show}`,
      "numpy-ts": `
import { array, matmul } from "numpy-ts";
const a = array(${VALUES}).reshape(${SIZE}, ${SIZE});
const p = matmul(a, a).data;
${show}`,
      "js-pytorch": `
import { torch } from "js-pytorch";
const values = ${VALUES};
const a = torch.tensor(Array.from({ length: ${SIZE} }, (_, i) => Array.from(values.subarray(i * ${SIZE}, (i + 1) * ${SIZE}))));
const p = torch.matmul(a, a).data.flat();
${show}`,
      "ml-matrix": `
import { Matrix } from "ml-matrix";
const a = Matrix.from1DArray(${SIZE}, ${SIZE}, Array.from(${VALUES}));
const p = a.mmul(a).to1DArray();
${show}`,
      ndarray: `
import ndarray from "ndarray";
import gemm from "ndarray-gemm";
const a = ndarray(${VALUES}, [${SIZE}, ${SIZE}]);
const p = new Float32Array(${SIZE * SIZE});
gemm(ndarray(p, [${SIZE}, ${SIZE}]), a, a);
${show}`,
      "gpu.js webasm": `
import { GPU } from "gpu.js";
const values = ${VALUES};
const a = Array.from({ length: ${SIZE} }, (_, i) => values.slice(i * ${SIZE}, (i + 1) * ${SIZE}));
const product = new GPU({ mode: "webasm" }).createKernel(
  "function (a, b) { let sum = 0; for (let k = 0; k < ${SIZE}; k++) sum += a[this.thread.y][k] * b[k][this.thread.x]; return sum; }",
  { output: [${SIZE}, ${SIZE}] },
);
const rows = await product(a, a);
const p = rows.flatMap((row) => Array.from(row));
${show}`,
      numpy: python(
        "import numpy as np",
        `(lambda a: (a @ a).ravel())(np.array(values, "f4").reshape(${SIZE}, ${SIZE}))`,
      ),
      torch: python("import torch", `(lambda a: (a @ a).ravel())(torch.tensor(values).reshape(${SIZE}, ${SIZE}))`),
    };
    return Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, { source }]));
  },
});

/** x = [[1, 2], [3, 4]], w = [[1], [−1]]: ∇_w Σ (x w)² = 2 xᵀ x w. */
const GRADIENT = [-8, -12];

/** Product and gradient for a page: minified, gzipped, with what the page fetches. */
export const bundle = programFamily<Record<string, never>>({
  name: "bundle",
  about: "a page's script that multiplies matrices and differentiates through it, minified and gzipped",
  quantity: "bundle",
  cases: [{ name: "product and gradient", parameters: {}, quick: true }],
  tolerance: 1e-6,
  reference: () => GRADIENT,
  programs: () => {
    const gradientOfTfjs = `
const x = tf.tensor([1, 2, 3, 4], [2, 2]);
const f = (w) => tf.sum(tf.square(tf.matMul(x, w)));
console.log(JSON.stringify(Array.from(tf.grad(f)(tf.tensor([1, -1], [2, 1])).dataSync())));`;
    return {
      kinship: {
        source: `
import { matmul, mul, sum, tensor } from "@kinship/tensor";
import { grad } from "@kinship/autodiff";
const x = tensor([[1, 2], [3, 4]]);
const f = (w) => { const y = matmul(x, w); return sum(mul(y, y)); };
console.log(JSON.stringify(Array.from(grad(f)(tensor([[1], [-1]])).toTypedArray())));`,
      },
      "kinship compiled": {
        source: `
import { matmul, mul, sum, tensor } from "@kinship/tensor";
import { compiler } from "@kinship/tensor/compile";
import { grad } from "@kinship/autodiff";
const f = (w, x) => { const y = matmul(x, w); return sum(mul(y, y)); };
const compile = compiler({ routines: {} });
const g = compile(grad(f))(tensor([[1], [-1]]), tensor([[1, 2], [3, 4]]));
console.log(JSON.stringify(Array.from(g.toTypedArray())));`,
      },
      "tfjs wasm": {
        source: umbrella("wasm") + gradientOfTfjs,
        page: tfjs("wasm") + GRADIENTS_OF_TFJS + gradientOfTfjs,
        assets: ["@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm"],
      },
      "tfjs cpu": {
        source: umbrella("cpu") + gradientOfTfjs,
        page: tfjs("cpu") + GRADIENTS_OF_TFJS + gradientOfTfjs,
      },
      "jax-js": {
        source: `
import { grad, init, numpy as np } from "@jax-js/jax";
await init("wasm");
const x = np.array([[1, 2], [3, 4]]);
const f = (w) => np.sum(np.square(np.matmul(x.ref, w)));
console.log(JSON.stringify(Array.from(grad(f)(np.array([[1], [-1]])).dataSync())));`,
      },
      "js-pytorch": {
        source: `
import { torch } from "js-pytorch";
const w = torch.tensor([[1], [-1]], true);
const y = torch.matmul(torch.tensor([[1, 2], [3, 4]]), w);
torch.mul(y, y).sum().sum().backward();
console.log(JSON.stringify(w.grad.flat()));`,
      },
    };
  },
});
