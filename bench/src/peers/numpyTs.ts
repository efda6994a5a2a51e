import type * as Package from "numpy-ts";
import { type Adaptor, adaptor } from "../harness/adaptor.js";
import { peer } from "../harness/peer.js";

export interface NumpyTs extends Adaptor<Package.NDArray | number> {
  readonly np: typeof Package;
  array(values: { data: Float32Array | Float64Array | Int32Array; shape: readonly number[] }): Package.NDArray;
}

export const numpyTs = peer({
  name: "numpy-ts",
  origin: "script",
  library: "numpyTs",
  packages: ["numpy-ts"],
  async load() {
    const np = await import("numpy-ts");
    const array: NumpyTs["array"] = ({ data, shape }) => np.array(data).reshape(...shape);
    return {
      np,
      array,
      ...adaptor<Package.NDArray | number>({
        from: array,
        read: (result) => (typeof result === "number" ? [result] : result.copy().data),
        free: (result) => {
          if (typeof result !== "number") result.dispose();
        },
      }),
    };
  },
});
