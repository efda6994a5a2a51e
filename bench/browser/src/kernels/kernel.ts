import type { Tensor } from "@kinship/tensor";
import type * as TensorFlow from "@tensorflow/tfjs";
import type { Inputs } from "../../../src/harness/values.js";

export type Tf = typeof TensorFlow;
export type TfTensor = TensorFlow.Tensor;
export type Named<T> = Readonly<Record<string, T>>;

/** A function of named arrays, for each library: a result, or the loss of training. */
export interface Problem {
  readonly inputs: Inputs;
  /** The inputs that are learned; without them a call computes the function, with them it is a step of Adam on it. */
  readonly learned?: readonly string[];
  ours(x: Named<Tensor>): Tensor;
  tfjs(tf: Tf, x: Named<TfTensor>): TfTensor;
  /** Where tfjs has another layout: an input on its way there, and a result on its way back. */
  readonly layout?: {
    there(tf: Tf, name: string, x: TfTensor): TfTensor;
    back(tf: Tf, y: TfTensor): TfTensor;
  };
  /** Of the largest value of each result. */
  readonly tolerance: number;
}

export interface Kernel {
  readonly name: string;
  readonly about: string;
  readonly sizes: readonly { readonly name: string; readonly chosen: boolean; make(): Problem }[];
}
