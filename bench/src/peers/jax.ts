import type * as Package from "@jax-js/jax";
import { type Adaptor, adaptor } from "../harness/adaptor.js";
import { peer } from "../harness/peer.js";

export interface Jax extends Adaptor<Package.Array> {
  readonly jax: typeof Package;
  readonly np: typeof Package.numpy;
}

/** On its WebAssembly backend. Rows compile with `jit` where its users would. */
export const jax = peer({
  name: "jax-js",
  origin: "script",
  library: "jax",
  packages: ["@jax-js/jax"],
  async load() {
    const jax = await import("@jax-js/jax");
    const devices = await jax.init("wasm");
    if (!devices.includes("wasm")) throw new Error("the wasm device does not start");
    jax.defaultDevice("wasm");
    const np = jax.numpy;
    return {
      jax,
      np,
      ...adaptor<Package.Array>({
        from: ({ data, shape }) => {
          // A Float64Array is refused where the engine lacks Float16Array; the values are exact in float32.
          const array = np.array(data instanceof Float64Array ? Float32Array.from(data) : data).reshape([...shape]);
          return data instanceof Float64Array ? array.astype(np.float64) : array;
        },
        read: (result) => result.ref.dataSync(),
        free: (result) => result.dispose(),
        settle: (result) => result.blockUntilReady(),
      }),
    };
  },
});
