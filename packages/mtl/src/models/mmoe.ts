import { foldIn, type Structure } from "@kinship/tensor";
import { type Layer, requireCount } from "../layers/layer.js";
import { applyBank, type EncoderBuilder, initialiseBank, type Named, record } from "./encoder.js";
import { type Gate, gateShares, initialiseGate, mixExperts } from "./gates.js";

/**
 * Experts shared by all tasks, mixed by a gate for each task: f_t(x) = Σ_i softmax(W_t x)_i · expert_i(x) (Ma et al.,
 * Modeling task relationships with multi-gate mixture-of-experts, 2018, equations 5 to 7; the gates have a bias).
 */
export function mmoe(expert: Layer, { experts }: { readonly experts: number }): EncoderBuilder {
  requireCount("mmoe", "the number of experts", experts);
  const names = Array.from({ length: experts }, (_, k) => `expert${k + 1}`);
  return (tasks, input) => {
    const bank = record(names, () => ({ layer: expert, input }));
    return {
      name: "multi-gate mixture of experts",
      description: { encoder: "mmoe", expert: expert.description, experts },
      tasks,
      input,
      output: expert.outputShape(input),
      initialise(key, dtype) {
        const { parameters, state } = initialiseBank(bank, foldIn(key, 0), dtype);
        const gates = record(tasks, (_, t) => initialiseGate(foldIn(foldIn(key, 1), t), input, experts, dtype));
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
        return {
          outputs: record(wanted, (task) => mixExperts(gateShares(parameters.tasks[task] as Gate, x), all)),
          state,
        };
      },
      parts: [{ layer: expert, input, count: experts }],
    };
  };
}
