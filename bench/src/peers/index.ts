import type { AnyPeer } from "../harness/peer.js";
import { gpuCpu, gpuWebasm } from "./gpu.js";
import { jax } from "./jax.js";
import { jsPytorch } from "./jsPytorch.js";
import { kinship, kinshipCompiled, kinshipThreads } from "./kinship.js";
import { machine } from "./machine.js";
import { mlMatrix } from "./mlMatrix.js";
import { ndarray } from "./ndarray.js";
import { numpyTs } from "./numpyTs.js";
import { onnx } from "./onnx.js";
import { numpy, torch } from "./python.js";
import { tfjsCpu, tfjsWasm } from "./tfjs.js";

/** In the order of the table's columns. */
export const peers: readonly AnyPeer[] = [
  machine,
  kinship,
  kinshipCompiled,
  kinshipThreads,
  tfjsWasm,
  tfjsCpu,
  jax,
  numpyTs,
  jsPytorch,
  mlMatrix,
  ndarray,
  gpuCpu,
  gpuWebasm,
  onnx,
  numpy,
  torch,
];
