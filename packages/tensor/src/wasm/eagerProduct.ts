/** Products of arrays that live outside WebAssembly: copied in by blocks, multiplied, copied out. */

import { lazily } from "./eagerKernel.js";
import { hasFeature } from "./features.js";
import { type ProductType, productFunction, productSlack, productWorkspace } from "./product/index.js";

export type FloatArray = Float32Array | Float64Array;

/** A matrix within an array: element (i, j) is at offset + i·rowStride + j·columnStride. */
export interface MatrixView<T extends FloatArray> {
  readonly data: T;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Rows, columns and steps of a block at most, which bounds the memory: no product is too large. */
const blockSide = 1024;
const page = 65536;

interface Kernel {
  readonly memory: WebAssembly.Memory;
  readonly multiply: (...values: number[]) => void;
}

const kernelFor = (dtype: ProductType) =>
  lazily<Kernel>((module) => {
    module.memory({ initial: Math.ceil(productWorkspace(dtype) / page) });
    const product = productFunction(module, { dtype, fused: hasFeature("relaxedSimd") });
    const { parameters } = product;
    module.function({ name: "multiply", parameters, results: [], exported: true }, (f, ...values): undefined => {
      f.callInto([], product, ...values);
    });
  });

const kernelOf = { float32: /* @__PURE__ */ kernelFor("float32"), float64: /* @__PURE__ */ kernelFor("float64") };

function reserve(memory: WebAssembly.Memory, bytes: number): boolean {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return true;
  try {
    memory.grow(Math.ceil(missing / page));
    return true;
  } catch {
    return false;
  }
}

/** Copies a block, and returns the strides it has there: rows stay rows unless the columns are the contiguous ones. */
function copyIn<T extends FloatArray>(
  into: T,
  view: MatrixView<T>,
  row: number,
  column: number,
  rows: number,
  columns: number,
): [rowStride: number, columnStride: number] {
  const { data, rowStride, columnStride } = view;
  const start = view.offset + row * rowStride + column * columnStride;
  const transposed = columnStride !== 1 && rowStride === 1;
  const [outer, inner, outerStride, innerStride] = transposed
    ? [columns, rows, columnStride, rowStride]
    : [rows, columns, rowStride, columnStride];
  if (innerStride === 1 && outerStride === inner) {
    into.set(data.subarray(start, start + outer * inner));
  } else {
    for (let i = 0; i < outer; i++) {
      const from = start + i * outerStride;
      if (innerStride === 1 && inner >= 16) into.set(data.subarray(from, from + inner), i * inner);
      else for (let j = 0; j < inner; j++) into[i * inner + j] = data[from + j * innerStride]!;
    }
  }
  return transposed ? [1, inner] : [inner, 1];
}

/**
 * out = a·b for a [m, k] and b [k, n], into `out` [m, n], contiguous and row-major. All three hold the same type.
 * Returns false, and leaves `out` alone, where WebAssembly cannot be had: multiply some other way.
 */
export function multiplyInto<T extends FloatArray>(
  a: MatrixView<T>,
  b: MatrixView<T>,
  out: T,
  m: number,
  k: number,
  n: number,
): boolean {
  const dtype: ProductType = out instanceof Float32Array ? "float32" : "float64";
  const kernel = kernelOf[dtype]();
  if (kernel === null) return false;
  const bytes = out.BYTES_PER_ELEMENT;
  const [rows, steps, columns] = [Math.min(m, blockSide), Math.min(k, blockSide), Math.min(n, blockSide)];
  const align = (address: number) => Math.ceil(address / 64) * 64;
  const aAddress = align(productWorkspace(dtype));
  const bAddress = align(aAddress + rows * steps * bytes + productSlack);
  const cAddress = align(bAddress + steps * columns * bytes + productSlack);
  if (!reserve(kernel.memory, cAddress + rows * columns * bytes + productSlack)) return false;

  const Make = out.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => T;
  const { buffer } = kernel.memory as { buffer: ArrayBuffer };
  const aBlock = new Make(buffer, aAddress, rows * steps);
  const bBlock = new Make(buffer, bAddress, steps * columns);
  const cBlock = new Make(buffer, cAddress, rows * columns);
  for (let column = 0; column < n; column += blockSide) {
    const width = Math.min(blockSide, n - column);
    for (let row = 0; row < m; row += blockSide) {
      const height = Math.min(blockSide, m - row);
      for (let step = 0; step === 0 || step < k; step += blockSide) {
        const depth = Math.min(blockSide, k - step);
        const aStrides = copyIn(aBlock, a, row, step, height, depth);
        const bStrides = copyIn(bBlock, b, step, column, depth, width);
        const strides = [aAddress, ...aStrides, bAddress, ...bStrides, cAddress, width];
        kernel.multiply(...strides, height, depth, width, 0, step > 0 ? 1 : 0);
      }
      if (width === n) {
        out.set(cBlock.subarray(0, height * width), row * n);
      } else {
        for (let i = 0; i < height; i++) {
          out.set(cBlock.subarray(i * width, (i + 1) * width), (row + i) * n + column);
        }
      }
    }
  }
  return true;
}
