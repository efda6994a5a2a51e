import type { LoopKernel, PatchCopy, ProductKernel } from "../../compile/kernel.js";
import { contiguousStride } from "../../layout.js";
import { add, mul } from "../../scalar/instructions.js";
import { input, operation } from "../../scalar/scalar.js";

interface Axes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/** The first axes that make up `size` elements, and the others. */
function cut({ shape, stride }: PatchCopy, size: number): readonly [Axes, Axes] {
  let [at, count] = [0, 1];
  while (count !== size) count *= shape[at++];
  return [
    { sizes: shape.slice(0, at), strides: stride.slice(0, at) },
    { sizes: shape.slice(at), strides: stride.slice(at) },
  ];
}

/** How B is walked along the columns of C and along what is summed: through its strides, patch or not. */
export function rightAxes({ b, k, n, patch }: ProductKernel): { readonly columns: Axes; readonly inner: Axes } {
  if (!patch)
    return { columns: { sizes: [n], strides: [b.columnStride] }, inner: { sizes: [k], strides: [b.rowStride] } };
  // The patch is written with what is summed first, unless its columns lie k apart.
  if (b.columnStride === 1 && n > 1) {
    const [inner, columns] = cut(patch, k);
    return { columns, inner };
  }
  const [columns, inner] = cut(patch, n);
  return { columns, inner };
}

/** A product as one loop nest: a cell of C is a fold over what is summed. Patches need no copy. */
export function productLoops(kernel: ProductKernel): LoopKernel {
  const { a, b, c, m, outer, dtype, label } = kernel;
  const { columns, inner } = rightAxes(kernel);
  const kept = outer.filter(({ summed }) => !summed);
  const adding = outer.filter(({ summed }) => summed);
  const zeros = (axes: readonly unknown[]): number[] => axes.map(() => 0);
  const along = ({ sizes }: Axes, stride: number): number[] => contiguousStride(sizes).map((step) => step * stride);
  const shape = [
    ...kept.map(({ size }) => size),
    m,
    ...columns.sizes,
    ...adding.map(({ size }) => size),
    ...inner.sizes,
  ];
  const first = kept.length + 1 + columns.sizes.length;
  const layout = (stride: readonly number[], offset: number) => ({ shape, stride, offset });
  const left = [
    ...kept.map((loop) => loop.a),
    a.rowStride,
    ...zeros(columns.sizes),
    ...adding.map((loop) => loop.a),
    ...along(inner, a.columnStride),
  ];
  const right = [
    ...kept.map((loop) => loop.b),
    0,
    ...columns.strides,
    ...adding.map((loop) => loop.b),
    ...inner.strides,
  ];
  const result = [
    ...kept.map((loop) => loop.c),
    c.rowStride,
    ...along(columns, c.columnStride),
    ...zeros(adding),
    ...zeros(inner.sizes),
  ];
  return {
    kind: "loops",
    shape,
    folded: shape.map((_, axis) => axis).slice(first),
    sources: [
      { kind: "load", access: { buffer: a.buffer, layout: layout(left, a.offset) }, dtype },
      { kind: "load", access: { buffer: b.buffer, layout: layout(right, b.offset) }, dtype },
      { kind: "folded", fold: 0, dtype },
    ],
    phases: [
      [
        { kind: "fold", fold: 0, value: operation(mul, input(0), input(1)), combine: add, identity: 0, dtype },
        {
          kind: "store",
          at: "row",
          value: input(2),
          access: { buffer: c.buffer, layout: layout(result, c.offset) },
          dtype,
        },
      ],
    ],
    label,
  };
}
