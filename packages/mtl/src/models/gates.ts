import { add, broadcastTo, einsum, matmul, reshape, softmax, stack, type Tensor, zeros } from "@kinship/tensor";
import { glorot } from "../layers/initialisers.js";
import type { Floating, Shape } from "../layers/layer.js";

export type Gate = { readonly weights: Tensor; readonly bias: Tensor };

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** A linear map of the flattened input to `count` logits. */
export function initialiseGate(key: Tensor, input: Shape, count: number, dtype: Floating): Gate {
  const inputs = sizeOf(input);
  return { weights: glorot(key, [inputs, count], { in: inputs, out: count }, dtype), bias: zeros([count], dtype) };
}

/** Logits of the experts for each example, [batch, count]. */
function gateLogits({ weights, bias }: Gate, x: Tensor): Tensor {
  return add(matmul(reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]), weights), bias);
}

/** Shares of the experts for each example, [batch, count], that add up to 1. */
export const gateShares = (gate: Gate, x: Tensor): Tensor => softmax(gateLogits(gate, x));

/** Σ_i shares_i(x) · expert_i(x); `shares` is [batch, count], or [count] for all examples alike. */
export function mixExperts(shares: Tensor, experts: readonly Tensor[]): Tensor {
  const { shape } = experts[0]!;
  const each = shares.dimension === 2 ? shares : broadcastTo(shares, [shape[0]!, experts.length]);
  const all = reshape(stack(experts), [experts.length, shape[0]!, -1]);
  return reshape(einsum("be,ebf->bf", each, all), shape);
}
