import { bytesPerElement } from "../../dtype.js";
import { i32, type Local, type Operand } from "../../wasm/assembler/index.js";
import { forRange } from "../../wasm/loops.js";
import type { Site } from "../../wasm/math/shape.js";
import { productFunction } from "../../wasm/product/index.js";
import type { Convolver } from "../convolve.js";
import type { ProductKernel } from "../kernel.js";
import type { Share } from "./share.js";
import type { Addresses } from "./walk.js";

export interface ProductPlaces {
  /** Where products pack their panels. */
  readonly workspace: Operand;
  /** Where patches are copied. */
  readonly patch: Operand;
  /** Whether to use the engine's relaxed multiply-add. */
  readonly fused: boolean;
  readonly convolver: Convolver | undefined;
}

export const move = (place: Operand, counter: Local, stride: number): Operand =>
  stride === 0 ? place : i32.add(place, i32.mul(counter, stride));

/** Writes a product and the loops around it, or a share of the outermost loop. */
export function emitProduct(
  site: Site,
  kernel: ProductKernel,
  addresses: Addresses,
  places: ProductPlaces,
  share?: Share,
): void {
  const { f, module } = site;
  const { a, b, c, m, k, n, outer, dtype, patch } = kernel;
  if (m === 0 || n === 0 || outer.some(({ size, summed }) => size === 0 && !summed)) return;
  const bytes = bytesPerElement[dtype];
  const product = productFunction(module, { dtype, fused: places.fused });
  const start = (x: { buffer: number; offset: number }): Operand => addresses(x.buffer) + x.offset * bytes;
  const call = (at: readonly [Operand, Operand, Operand], isFirst: Operand) => {
    const right = patch ? places.patch : at[1];
    if (patch) places.convolver!.copyPatch(f, patch, dtype, at[1], places.patch);
    f.callInto(
      [],
      product,
      at[0],
      a.rowStride,
      a.columnStride,
      right,
      b.rowStride,
      b.columnStride,
      at[2],
      c.rowStride,
      m,
      k,
      n,
      places.workspace,
      i32.eqz(isFirst),
    );
  };
  const nest = (depth: number, at: readonly [Operand, Operand, Operand], first: Operand): void => {
    const loop = outer[depth];
    if (!loop) {
      call(at, first);
      return;
    }
    const [from, to] = share && depth === 0 ? [share.from, share.to] : [0, loop.size];
    forRange(f, from, to, 1, (counter) => {
      f.scope(() => {
        const moved = [loop.a, loop.b, loop.c].map((stride, x) => f.let(move(at[x], counter, stride * bytes)));
        nest(depth + 1, moved as [Local, Local, Local], loop.summed ? f.let(i32.and(first, i32.eqz(counter))) : first);
      });
    });
  };
  nest(0, [start(a), start(b), start(c)], 1);
}
