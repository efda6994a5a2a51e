import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { Prepared } from "../harness/family.js";
import { peer } from "../harness/peer.js";
import type { Inputs } from "../harness/values.js";
import { type Model, modelBytes } from "./onnxModel.js";

export interface Onnx {
  /** A session for the model, run on these inputs. */
  computes(model: Model, inputs: Inputs): Promise<Prepared>;
}

/** The native runtime on one thread, as every peer here; models are written for each row. Inference only. */
export const onnx = peer({
  name: "onnxruntime",
  origin: "native",
  library: "onnx",
  packages: ["onnxruntime-node"],
  async load() {
    const ort = await import("onnxruntime-node");
    return {
      async computes(model, inputs) {
        const session: InferenceSession = await ort.InferenceSession.create(modelBytes(model, inputs), {
          intraOpNumThreads: 1,
          interOpNumThreads: 1,
        });
        const feeds = Object.fromEntries(
          Object.entries(inputs).map(([name, { data, shape }]) => [
            name,
            data instanceof Float64Array
              ? new ort.Tensor("float64", data, [...shape])
              : new ort.Tensor("float32", data as Float32Array, [...shape]),
          ]),
        );
        return {
          asynchronous: true,
          run: () => session.run(feeds),
          read: (result) => [(result as Record<string, Tensor>).output!.data],
          close: () => void session.release(),
        };
      },
    };
  },
});
