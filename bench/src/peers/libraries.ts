import type { Gpu } from "./gpu.js";
import type { Jax } from "./jax.js";
import type { JsPytorch } from "./jsPytorch.js";
import type { Kinship } from "./kinship.js";
import type { Machine } from "./machine.js";
import type { MlMatrix } from "./mlMatrix.js";
import type { Ndarray } from "./ndarray.js";
import type { NumpyTs } from "./numpyTs.js";
import type { Onnx } from "./onnx.js";
import type { Tfjs } from "./tfjs.js";

/** What a row's implementation is handed, by library. Backends of one library share their implementations. */
export interface Libraries {
  machine: Machine;
  kinship: Kinship;
  tfjs: Tfjs;
  jax: Jax;
  numpyTs: NumpyTs;
  jsPytorch: JsPytorch;
  mlMatrix: MlMatrix;
  ndarray: Ndarray;
  gpu: Gpu;
  onnx: Onnx;
}
