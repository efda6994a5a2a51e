import { describe, test } from "vitest";
import { ModuleBuilder } from "../../src/wasm/assembler/index.js";
import { hasFeature } from "../../src/wasm/features.js";
import { type ProductOptions, productFunction, productSlack, productWorkspace } from "../../src/wasm/product/index.js";

type FloatArray = Float32Array | Float64Array;

/** Compiles a product; memory holds the workspace, then what the test puts there. */
function compileProduct(options: ProductOptions) {
  const module = new ModuleBuilder();
  module.memory({ initial: 160 });
  const product = productFunction(module, options);
  const { parameters } = product;
  module.function({ name: "run", parameters, results: [], exported: true }, (f, ...values): undefined => {
    f.callInto([], product, ...values);
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  return instance.exports as unknown as { run: (...values: number[]) => void; memory: WebAssembly.Memory };
}

/** Small integers: every sum is exact, whatever the order and the fusing. */
function fill(array: FloatArray, seed: number): void {
  let state = seed;
  for (let i = 0; i < array.length; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    array[i] = ((state >> 16) % 17) - 8;
  }
}

/** Where the operands go, with a guard of sentinels after C. */
function layOut(options: ProductOptions, memory: WebAssembly.Memory, sizes: [number, number, number]) {
  const Make = options.dtype === "float32" ? Float32Array : Float64Array;
  const bytes = Make.BYTES_PER_ELEMENT;
  let next = Math.ceil(productWorkspace(options.dtype) / 64) * 64;
  const arrays = sizes.map((size) => {
    const array = new Make(memory.buffer, next, size);
    next += Math.ceil((size * bytes + productSlack) / 64) * 64;
    return array;
  });
  return arrays as [FloatArray, FloatArray, FloatArray];
}

const variants: ProductOptions[] = [
  { dtype: "float32", fused: false },
  { dtype: "float64", fused: false },
];
if (hasFeature("relaxedSimd")) variants.push({ dtype: "float32", fused: true }, { dtype: "float64", fused: true });

describe.each(variants)("a product of $dtype, fused $fused", (options) => {
  const { run, memory } = compileProduct(options);

  function verify(m: number, k: number, n: number, aT: boolean, bT: boolean, accumulate: boolean): void {
    const pad = 3; // C's rows are longer than n: what lies between must not be written
    const [a, b, c] = layOut(options, memory, [m * k, k * n, m * (n + pad)]);
    fill(a, m + 1);
    fill(b, n + 2);
    fill(c, k + 3);
    const before = c.slice();
    const [aRow, aColumn] = aT ? [1, m] : [k, 1];
    const [bRow, bColumn] = bT ? [1, k] : [n, 1];
    const strides = [a.byteOffset, aRow, aColumn, b.byteOffset, bRow, bColumn, c.byteOffset, n + pad];
    run(...strides, m, k, n, 0, accumulate ? 1 : 0);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n + pad; j++) {
        const at = i * (n + pad) + j;
        let sum = accumulate || j >= n ? before[at]! : 0;
        for (let p = 0; j < n && p < k; p++) sum += a[i * aRow + p * aColumn]! * b[p * bRow + j * bColumn]!;
        if (c[at] !== sum) throw new Error(`${[m, k, n]} ${aT} ${bT}: C[${i}, ${j}] = ${c[at]}, expected ${sum}`);
      }
    }
  }

  const orders: [boolean, boolean][] = [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ];
  test.each(orders)("transposed %s, %s: every small size", (aT, bT) => {
    for (const m of [0, 1, 2, 3, 4, 5, 7, 9, 13]) {
      for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 25]) {
        for (const k of [0, 1, 2, 3, 4, 5, 9]) verify(m, k, n, aT, bT, (m + n + k) % 2 === 0);
      }
    }
  });
  test.each(orders)("transposed %s, %s: sizes beyond a block of rows, columns and steps", (aT, bT) => {
    verify(63, 65, 64, aT, bT, false);
    verify(197, 385, 21, aT, bT, false);
    verify(9, 777, 531, aT, bT, true);
    verify(5, 3, 1061, aT, bT, false);
  });
});
