import {
  add,
  clip,
  foldIn,
  log,
  matmul,
  maximum,
  mul,
  normal,
  ones,
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
import { type Layer, nothing, requireCount } from "../layers/layer.js";
import type { ObjectiveParameters } from "../objective/objective.js";
import type { Penalty } from "../objective/penalty.js";
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
export const selectorShares = ({ codes, logits }: Selector, experts: number, gamma: number): Tensor =>
  matmul(softmax(logits), codeShares(codes, experts, gamma));

/** For each code, how much it selects each expert, [selected, experts]: each row adds up to 1. */
function codeShares(codes: Tensor, experts: number, gamma: number): Tensor {
  const [selected, bits] = codes.shape as [number, number];
  const step = smoothStep(codes, gamma);
  const rest = sub(1, step);
  const shares = Array.from({ length: experts }, (_, expert) => {
    const factors = Array.from({ length: bits }, (_, b) => slice((expert >> b) & 1 ? step : rest, [null, b]));
    return bits === 0 ? ones([selected], codes.dtype) : prod(stack(factors), { axis: 0 });
  });
  return stack(shares, 1);
}

export interface SelectorEntropyOptions {
  readonly tasks: readonly string[];
  readonly lambda: number;
  /** As given to `dselectK`; 1 unless given. */
  readonly gamma?: number;
}

/** r log r is 0 where r is. */
const smallest = 1e-30;

/**
 * λ Σ_t Σ_s H(r(z_ts)), the entropies of what `dselectK`'s codes select: it drives each code to one expert (Hazimeh et
 * al., 2021, section 3.1).
 */
export function selectorEntropy({ tasks, lambda, gamma = 1 }: SelectorEntropyOptions): Penalty {
  const codesOf = ({ model }: ObjectiveParameters, task: string): Tensor => {
    const { codes } = model.tasks[task]!.encoder as Partial<Selector>;
    if (!codes) throw new InputError(`selectorEntropy: task "${task}" has no selector; use it with dselectK`);
    return codes;
  };
  return {
    name: "selectorEntropy",
    start(parameters) {
      for (const task of tasks) codesOf(parameters, task);
      return nothing;
    },
    value(parameters) {
      const entropies = tasks.map((task) => {
        const codes = codesOf(parameters, task);
        const shares = codeShares(codes, 2 ** codes.shape[1]!, gamma);
        return sum(mul(shares, log(maximum(shares, smallest))));
      });
      return mul(
        entropies.reduce((a, b) => add(a, b)),
        -lambda,
      );
    },
  };
}
