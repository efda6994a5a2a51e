import type { Buffer, LoopKernel, ProductKernel, Source } from "../../compile/kernel.js";
import { contiguousStride, sizeOf } from "../../layout.js";
import { add, less, mul, select } from "../../scalar/instructions.js";
import { input, operation } from "../../scalar/scalar.js";
import type { Packing } from "../packing.js";
import { foldsOf } from "./cells.js";
import { productLoops } from "./product.js";

// A thread of a tile has four rows of C by four columns: eight texels are read for 64 multiplications, where a row of
// four reads five for 16. Each row is a result of its own, and a second kernel puts them together.

const rows = [0, 1, 2, 3] as const;

/** Elements of C from which on a quarter as many threads still keep a device busy. */
const enough = 2 ** 14;

export const worthTiles = ({ m, n, c, outer }: ProductKernel, { results }: Packing): boolean =>
  results >= rows.length &&
  n % 4 === 0 &&
  c.columnStride === 1 &&
  m * n * outer.reduce((total, { size, summed }) => (summed ? total : total * size), 1) >= enough;

/** Whether a kernel makes several arrays, and is one as it stands. */
export const isTile = (kernel: LoopKernel): boolean => foldsOf(kernel).length === rows.length;

export function tiles(kernel: ProductKernel, buffers: Buffer[]): readonly LoopKernel[] {
  const { a, c, m, n, outer, dtype, label } = kernel;
  const groups = Math.ceil(m / rows.length);
  const kept = outer.filter(({ summed }) => !summed);
  const shape = [...kept.map(({ size }) => size), groups, n];
  const stride = contiguousStride(shape);
  const parts = rows.map(() => buffers.push({ dtype, size: sizeOf(shape) }) - 1);
  const nest = productLoops({
    ...kernel,
    m: groups,
    a: { ...a, rowStride: rows.length * a.rowStride },
    c: { buffer: parts[0], offset: 0, rowStride: n, columnStride: 1 },
    outer: outer.map((loop) => ({ ...loop, c: loop.summed ? 0 : stride[kept.indexOf(loop)] })),
  });
  const [left, right] = nest.sources as readonly [Source & { kind: "load" }, Source];
  const [, { access }] = nest.phases[0] as readonly [
    unknown,
    { readonly access: { readonly layout: typeof left.access.layout } },
  ];
  // One node, so that all rows share what is read.
  const column = input(rows.length);
  const product: LoopKernel = {
    ...nest,
    sources: [
      ...rows.map((row): Source => {
        const { layout } = left.access;
        const moved = { ...layout, offset: layout.offset + row * a.rowStride };
        return { ...left, access: { ...left.access, layout: moved } };
      }),
      right,
      ...rows.map((fold): Source => ({ kind: "folded", fold, dtype })),
    ],
    phases: [
      [
        ...rows.map(
          (fold) =>
            ({
              kind: "fold",
              fold,
              value: operation(mul, input(fold), column),
              combine: add,
              identity: 0,
              dtype,
            }) as const,
        ),
        ...rows.map(
          (row) =>
            ({
              kind: "store",
              at: "row",
              value: input(rows.length + 1 + row),
              access: { buffer: parts[row], layout: access.layout },
              dtype,
            }) as const,
        ),
      ],
    ],
  };
  const number = buffers.push({ dtype: "int32", size: rows.length, initial: { kind: "constant", data: rows } }) - 1;
  const all = [...shape.slice(0, -1), rows.length, n];
  const read = (buffer: number, steps: readonly number[], type: typeof dtype | "int32"): Source => ({
    kind: "load",
    access: { buffer, layout: { shape: all, stride: steps, offset: 0 } },
    dtype: type,
  });
  const own = input(rows.length);
  const together: LoopKernel = {
    kind: "loops",
    shape: all,
    folded: [],
    sources: [
      ...parts.map((part) => read(part, [...stride.slice(0, -1), 0, 1], dtype)),
      read(
        number,
        all.map((_, axis) => (axis === all.length - 2 ? 1 : 0)),
        "int32",
      ),
    ],
    phases: [
      [
        {
          kind: "store",
          at: "full",
          value: rows
            .slice(0, -1)
            .reduceRight(
              (rest, row) => operation(select, operation(less, own, row + 1), input(row), rest),
              input(rows.length - 1),
            ),
          access: {
            buffer: c.buffer,
            layout: {
              shape: all,
              stride: [...kept.map((loop) => loop.c), rows.length * c.rowStride, c.rowStride, 1],
              offset: c.offset,
            },
          },
          dtype,
        },
      ],
    ],
    label: `rows of ${label}`,
  };
  return [product, together];
}
