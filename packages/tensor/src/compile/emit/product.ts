import { bytesPerElement } from "../../dtype.js";
import { type Expression, i32, type Local } from "../../wasm/assembler/index.js";
import { forRange } from "../../wasm/loops.js";
import type { Site } from "../../wasm/math/shape.js";
import { productFunction } from "../../wasm/product/index.js";
import type { Convolver } from "../convolve.js";
import type { ProductKernel } from "../kernel.js";
import type { Addresses } from "./loops.js";
import type { Share } from "./share.js";

export interface ProductPlaces {
  /** Where products pack their panels. */
  readonly workspace: Expression;
  /** Where patches are copied. */
  readonly patch: Expression;
  /** Whether to use the engine's relaxed multiply-add. */
  readonly fused: boolean;
  readonly convolver: Convolver | undefined;
}

export const move = (place: Expression, counter: Local, stride: number): Expression =>
  stride === 0 ? place : i32.add(place, i32.mul(counter, i32.const(stride)));

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
  const start = (x: { buffer: number; offset: number }): Expression =>
    i32.const(addresses(x.buffer) + x.offset * bytes);
  const call = (at: readonly [Expression, Expression, Expression], isFirst: Expression) => {
    const right = patch ? places.patch : at[1];
    if (patch) places.convolver!.copyPatch(f, patch, dtype, at[1], places.patch);
    const int = i32.const;
    f.callInto(
      [],
      product,
      at[0],
      int(a.rowStride),
      int(a.columnStride),
      right,
      int(b.rowStride),
      int(b.columnStride),
      at[2],
      int(c.rowStride),
      int(m),
      int(k),
      int(n),
      places.workspace,
      i32.eqz(isFirst),
    );
  };
  const nest = (depth: number, at: readonly [Expression, Expression, Expression], first: Expression): void => {
    const loop = outer[depth];
    if (!loop) {
      call(at, first);
      return;
    }
    const [from, to] = share && depth === 0 ? [share.from, share.to] : [i32.const(0), i32.const(loop.size)];
    forRange(f, from, to, i32.const(1), (counter) => {
      f.scope(() => {
        const moved = [loop.a, loop.b, loop.c].map((stride, x) => f.let(move(at[x], counter, stride * bytes)));
        nest(depth + 1, moved as [Local, Local, Local], loop.summed ? f.let(i32.and(first, i32.eqz(counter))) : first);
      });
    });
  };
  nest(0, [start(a), start(b), start(c)], i32.const(1));
}
