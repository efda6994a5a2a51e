import type { Access, Buffer, LoopKernel, ProductKernel, ProductOperand } from "../../compile/kernel.js";
import type { DType } from "../../dtype.js";
import { contiguousStride, sizeOf } from "../../layout.js";
import { input } from "../../scalar/scalar.js";
import type { Packing } from "../packing.js";
import { mostElements } from "../unsupported.js";
import { productLoops, rightAxes } from "./product.js";
import { tiles, worthTiles } from "./tiles.js";

/** Multiplications from which on it pays to copy operands first, and rows or columns that use a copy. */
const worthCopying = 2 ** 16;
const users = 8;

const whole = (n: number): number => 4 * Math.ceil(n / 4);
const isWhole = (...numbers: readonly number[]): boolean => numbers.every((n) => n % 4 === 0);

/**
 * A product as loop nests. Where a thread computes four elements they are four columns of C, and read B side by side:
 * patches, and columns that are apart or no whole number of fours, are copied for that.
 */
export function productKernels(kernel: ProductKernel, buffers: Buffer[], packing: Packing): readonly LoopKernel[] {
  const { m, k, n, c, outer } = kernel;
  const rounds = outer.reduce((total, { size }) => total * size, 1);
  const direct = [productLoops(kernel)];
  if (packing.lanes === 1 || c.columnStride !== 1 || m < users || n < users) return direct;
  if (m * k * n * rounds < worthCopying || rounds * Math.max(m * k, k * whole(n), m * whole(n)) >= mostElements)
    return direct;
  return new Packer(kernel, buffers, packing).run();
}

class Packer {
  readonly #before: LoopKernel[] = [];
  readonly #after: LoopKernel[] = [];

  constructor(
    private readonly kernel: ProductKernel,
    private readonly buffers: Buffer[],
    private readonly packing: Packing,
  ) {}

  run(): readonly LoopKernel[] {
    const packed = this.#packResult(this.#packRight(this.#packLeft(this.kernel)));
    const loops = worthTiles(packed, this.packing) ? tiles(packed, this.buffers) : [productLoops(packed)];
    return [...this.#before, ...loops, ...this.#after];
  }

  /** Rows of A, so that four rounds of a sum read one texel. */
  #packLeft(kernel: ProductKernel): ProductKernel {
    const { a, m, k, outer } = kernel;
    const isAligned = a.columnStride === 1 && isWhole(a.rowStride, a.offset, ...outer.map((loop) => loop.a));
    if (!this.packing.texels || isAligned || !isWhole(k)) return kernel;
    const moving = outer.filter((loop) => loop.a !== 0);
    const shape = [...moving.map(({ size }) => size), m, k];
    const stride = contiguousStride(shape);
    const from = { shape, stride: [...moving.map((loop) => loop.a), a.rowStride, a.columnStride], offset: a.offset };
    const buffer = this.#copy({ buffer: a.buffer, layout: from }, shape, stride, sizeOf(shape));
    return {
      ...kernel,
      a: { buffer, offset: 0, rowStride: k, columnStride: 1 },
      outer: outer.map((loop) => ({ ...loop, a: loop.a === 0 ? 0 : stride[moving.indexOf(loop)] })),
    };
  }

  #packRight(kernel: ProductKernel): ProductKernel {
    const { b, k, n, outer, patch } = kernel;
    const isAligned = b.columnStride === 1 && isWhole(n, b.rowStride, b.offset, ...outer.map((loop) => loop.b));
    if (!patch && (isAligned || !this.packing.texels)) return kernel;
    const { columns, inner } = rightAxes(kernel);
    const moving = outer.filter((loop) => loop.b !== 0);
    const width = this.packing.texels ? whole(n) : n;
    const steps = contiguousStride([...moving.map(({ size }) => size), k, width]);
    const along = (sizes: readonly number[], step: number) => contiguousStride(sizes).map((one) => one * step);
    const shape = [...moving.map(({ size }) => size), ...inner.sizes, ...columns.sizes];
    const stride = [...steps.slice(0, moving.length), ...along(inner.sizes, width), ...contiguousStride(columns.sizes)];
    const from = {
      shape,
      stride: [...moving.map((loop) => loop.b), ...inner.strides, ...columns.strides],
      offset: b.offset,
    };
    const size = sizeOf(moving.map((loop) => loop.size)) * k * width;
    const buffer = this.#copy({ buffer: b.buffer, layout: from }, shape, stride, size);
    const { patch: _, ...rest } = kernel;
    return {
      ...rest,
      b: { buffer, offset: 0, rowStride: width, columnStride: 1 },
      outer: outer.map((loop) => ({ ...loop, b: loop.b === 0 ? 0 : steps[moving.indexOf(loop)] })),
    };
  }

  /** C with rows of whole fours, and a copy of it without what is too much. */
  #packResult(kernel: ProductKernel): ProductKernel {
    const { b, c, m, n, outer, dtype, label } = kernel;
    // Columns beyond the last are computed too: of a B that has them.
    if (isWhole(n) || b.rowStride < whole(n)) return kernel;
    const width = whole(n);
    const kept = outer.filter(({ summed }) => !summed);
    const shape = [...kept.map(({ size }) => size), m, n];
    const steps = contiguousStride([...kept.map(({ size }) => size), m, width]);
    const buffer = this.#allocate(dtype, sizeOf([...kept.map(({ size }) => size), m, width]));
    this.#after.push(
      copyKernel({ buffer, layout: { shape, stride: steps, offset: 0 } }, dtype, label, {
        buffer: c.buffer,
        layout: { shape, stride: [...kept.map((loop) => loop.c), c.rowStride, c.columnStride], offset: c.offset },
      }),
    );
    const packed: ProductOperand = { buffer, offset: 0, rowStride: width, columnStride: 1 };
    return {
      ...kernel,
      n: width,
      c: packed,
      outer: outer.map((loop) => ({ ...loop, c: loop.summed ? 0 : steps[kept.indexOf(loop)] })),
    };
  }

  #allocate(dtype: DType, size: number): number {
    return this.buffers.push({ dtype, size }) - 1;
  }

  #copy(from: Access, shape: readonly number[], stride: readonly number[], size: number): number {
    const { dtype, label } = this.kernel;
    const buffer = this.#allocate(dtype, size);
    this.#before.push(copyKernel(from, dtype, label, { buffer, layout: { shape, stride, offset: 0 } }));
    return buffer;
  }
}

const copyKernel = (from: Access, dtype: DType, label: string, to: Access): LoopKernel => ({
  kind: "loops",
  shape: to.layout.shape,
  folded: [],
  sources: [{ kind: "load", access: from, dtype }],
  phases: [[{ kind: "store", at: "full", value: input(0), access: to, dtype }]],
  label: `copy for ${label}`,
});
