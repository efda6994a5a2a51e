import type Package from "ndarray";
import { type Adaptor, adaptor } from "../harness/adaptor.js";
import { peer } from "../harness/peer.js";
import type { Values } from "../harness/values.js";

export interface Ndarray extends Adaptor<Package.NdArray | number> {
  readonly ndarray: typeof Package;
  readonly ops: typeof import("ndarray-ops").default;
  readonly gemm: typeof import("ndarray-gemm").default;
  array(values: Values): Package.NdArray;
}

/** With `ndarray-ops` and `ndarray-gemm`. They write into arrays that exist; each run makes its own, as the others do. */
export const ndarray = peer({
  name: "ndarray",
  origin: "script",
  library: "ndarray",
  packages: ["ndarray", "ndarray-ops", "ndarray-gemm"],
  async load() {
    const { default: ndarray } = await import("ndarray");
    const { default: ops } = await import("ndarray-ops");
    const { default: gemm } = await import("ndarray-gemm");
    const array: Ndarray["array"] = ({ data, shape }) => ndarray(data, [...shape]);
    return {
      ndarray,
      ops,
      gemm,
      array,
      ...adaptor<Package.NdArray | number>({
        from: array,
        read: (result) => (typeof result === "number" ? [result] : result.data),
      }),
    };
  },
});
