import type * as TensorFlow from "@tensorflow/tfjs";
import { type Adaptor, adaptor } from "../harness/adaptor.js";
import { peer } from "../harness/peer.js";

export interface Tfjs extends Adaptor<TensorFlow.Tensor> {
  readonly tf: typeof TensorFlow;
}

async function load(backend: "cpu" | "wasm"): Promise<Tfjs> {
  const tf = await import("@tensorflow/tfjs");
  if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend does not start`);
  return {
    tf,
    ...adaptor<TensorFlow.Tensor>({
      from: ({ data, shape }) => tf.tensor(data instanceof Float64Array ? Float32Array.from(data) : data, [...shape]),
      read: (result) => result.dataSync(),
      free: (result) => result.dispose(),
    }),
  };
}

export const tfjsCpu = peer({
  name: "tfjs cpu",
  origin: "script",
  library: "tfjs",
  slow: "plain loops, a hundred times as slow as its WebAssembly",
  packages: ["@tensorflow/tfjs"],
  load: () => load("cpu"),
});

export const tfjsWasm = peer({
  name: "tfjs wasm",
  origin: "script",
  library: "tfjs",
  packages: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"],
  load: () => load("wasm"),
});
