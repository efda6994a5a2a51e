import type { Tensor, torch } from "js-pytorch";
import { type Adaptor, adaptor } from "../harness/adaptor.js";
import { peer } from "../harness/peer.js";
import type { Values } from "../harness/values.js";

export interface JsPytorch extends Adaptor<Tensor> {
  readonly torch: typeof torch;
  /** As a leaf that collects a gradient. */
  parameter(values: Values): Tensor;
}

export type Nested = number | Nested[];

export function nested({ data, shape }: Values): Nested {
  const [length, ...rest] = shape;
  if (length === undefined) return data[0]!;
  const size = data.length / length;
  return Array.from({ length }, (_, i) => nested({ data: data.subarray(i * size, (i + 1) * size), shape: rest }));
}

const flat = (value: Nested): number[] => (typeof value === "number" ? [value] : value.flatMap(flat));

/** On its CPU device: arrays of arrays of numbers, so everything is float64. */
export const jsPytorch = peer({
  name: "js-pytorch",
  origin: "script",
  library: "jsPytorch",
  slow: "a hundred times as slow as the fastest in most rows",
  packages: ["js-pytorch"],
  async load() {
    const { torch } = await import("js-pytorch");
    const make = (values: Values, gradient: boolean) => torch.tensor(nested(values) as Nested[], gradient);
    return {
      torch,
      parameter: (values: Values) => make(values, true),
      ...adaptor<Tensor>({ from: (values) => make(values, false), read: (result) => flat(result.data) }),
    };
  },
});
