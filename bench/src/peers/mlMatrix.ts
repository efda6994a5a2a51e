import type * as Package from "ml-matrix";
import { type Adaptor, adaptor } from "../harness/adaptor.js";
import { peer } from "../harness/peer.js";

export interface MlMatrix extends Adaptor<Package.Matrix | number> {
  readonly ml: typeof Package;
  matrix(values: { data: ArrayLike<number>; shape: readonly number[] }): Package.Matrix;
}

/** float64 only; vectors are matrices of one row. */
export const mlMatrix = peer({
  name: "ml-matrix",
  origin: "script",
  library: "mlMatrix",
  packages: ["ml-matrix"],
  async load() {
    const ml = await import("ml-matrix");
    const matrix: MlMatrix["matrix"] = ({ data, shape }) =>
      ml.Matrix.from1DArray(shape.at(-2) ?? 1, shape.at(-1)!, Array.from(data));
    return {
      ml,
      matrix,
      ...adaptor<Package.Matrix | number>({
        from: matrix,
        read: (result) => (typeof result === "number" ? [result] : result.to1DArray()),
      }),
    };
  },
});
