import {
  add,
  clip,
  foldIn,
  mul,
  normal,
  prod,
  type Structure,
  slice,
  softmax,
  stack,
  sub,
  sum,
  type Tensor,
  zeros,
} from "@kinship/tensor";
import { InputError } from "../errors.js";
import { type Layer, requireCount } from "../layers/layer.js";
import { applyBank, type EncoderBuilder, initialiseBank, type Named, record } from "./encoder.js";
import { mixExperts } from "./gates.js";

export interface DSelectKOptions {
  /** A power of two: an expert is named by its bits. */
  readonly experts: number;
  /** At most so many experts a task. */
  readonly selected: number;
  /** The width of the smooth step; 1 unless given. */
  readonly gamma?: number;
}

type Selector = { readonly codes: Tensor; readonly logits: Tensor };

/** 0 below −γ/2, 1 above γ/2, between them −2t³/γ³ + 3t/(2γ) + ½ (Hazimeh et al., 2020, equation 3). */
export function smoothStep(t: Tensor, gamma: number): Tensor {
  const u = clip(mul(t, 1 / gamma), -0.5, 0.5);
  return add(mul(u, sub(1.5, mul(2, mul(u, u)))), 0.5);
}

/**
 * Experts selected by smooth steps: the share of expert i is Σ_s softmax(α)_s Π_b (bit b of i ? S(z_sb) : 1 − S(z_sb))
 * over `selected` codes z_s, so that at most so many experts remain once the steps saturate (Hazimeh et al., DSelect-k,
 * 2021, equations 4 to 6; static gates, the same for all examples).
 */
export function dselectK(expert: Layer, { experts, selected, gamma = 1 }: DSelectKOptions): EncoderBuilder {
  requireCount("dselectK", "the number of experts", experts);
  requireCount("dselectK", "the number of selected experts", selected);
  const bits = Math.log2(experts);
  if (!Number.isInteger(bits))
    throw new InputError(`dselectK: the number of experts must be a power of two, not ${experts}`);
  if (!(gamma > 0)) throw new InputError(`dselectK: gamma must be positive, not ${gamma}`);
  const names = Array.from({ length: experts }, (_, k) => `expert${k + 1}`);
  return (tasks, input) => {
    const bank = record(names, () => ({ layer: expert, input }));
    return {
      name: "DSelect-k",
      description: { encoder: "dselectK", expert: expert.description, experts, selected, gamma },
      tasks,
      input,
      output: expert.outputShape(input),
      initialise(key, dtype) {
        const { parameters, state } = initialiseBank(bank, foldIn(key, 0), dtype);
        const gates = record(tasks, (_, t): Selector => {
          // Within the step's slope, or no gradient would flow.
          const codes = mul(normal(foldIn(foldIn(key, 1), t), [selected, bits], { dtype }), gamma / 100);
          return { codes, logits: zeros([selected], dtype) };
        });
        return { parameters: { shared: parameters, tasks: gates }, state };
      },
      apply(parameters, x, wanted, context) {
        const { outputs, state } = applyBank(
          bank,
          parameters.shared as Named<Structure>,
          record(names, () => x),
          context,
        );
        const all = names.map((name) => outputs[name]!);
        const shares = (task: string) => selectorShares(parameters.tasks[task] as Selector, experts, gamma);
        return { outputs: record(wanted, (task) => mixExperts(shares(task), all)), state };
      },
      parts: [{ layer: expert, input, count: experts }],
    };
  };
}

/** The share of each expert, [experts]; they add up to 1. */
export function selectorShares({ codes, logits }: Selector, experts: number, gamma: number): Tensor {
  const step = smoothStep(codes, gamma);
  const rest = sub(1, step);
  const bits = codes.shape[1]!;
  const weights = softmax(logits);
  const shares = Array.from({ length: experts }, (_, expert) => {
    const factors = Array.from({ length: bits }, (_, b) => slice((expert >> b) & 1 ? step : rest, [null, b]));
    const chosen = bits === 0 ? weights : mul(weights, prod(stack(factors), { axis: 0 }));
    return sum(chosen);
  });
  return stack(shares);
}
