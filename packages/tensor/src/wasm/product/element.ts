/** What the product needs to know of its element type, and of the tile that suits the engine. */

import { type FloatLanes, f32x4, f64x2, v128 } from "../assembler/index.js";

export type ProductType = "float32" | "float64";

export interface ElementType {
  readonly dtype: ProductType;
  readonly lanes: number;
  readonly bytes: number;
  readonly float: FloatLanes;
  /** One element, in every lane or in the first. */
  readonly loadSplat: typeof v128.load32Splat;
  readonly loadFirst: typeof v128.load32Zero;
  readonly storeLane: typeof v128.store32Lane;
}

export function elementType(dtype: ProductType): ElementType {
  const { load32Splat, load32Zero, store32Lane, load64Splat, load64Zero, store64Lane } = v128;
  return dtype === "float32"
    ? {
        ...{ dtype, lanes: 4, bytes: 4, float: f32x4 },
        ...{ loadSplat: load32Splat, loadFirst: load32Zero, storeLane: store32Lane },
      }
    : {
        ...{ dtype, lanes: 2, bytes: 8, float: f64x2 },
        ...{ loadSplat: load64Splat, loadFirst: load64Zero, storeLane: store64Lane },
      };
}

/** A tile of the result that is kept in registers: rows × vectors. */
export interface TileShape {
  readonly rows: number;
  readonly vectors: number;
}

/**
 * 128-bit engines have sixteen registers, one of them the compiler's own. Multiply and add need a register between
 * them, so 4 × 2 sums; a fused multiply-add has a longer chain to hide for its rate and needs none: 3 × 3.
 */
export function tileShape(fused: boolean): TileShape {
  return fused ? { rows: 3, vectors: 3 } : { rows: 4, vectors: 2 };
}
