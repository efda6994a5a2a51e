import { add, foldIn, matmul, mul, type Structure, type Tensor, tensor, zeros } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { alongChannels, inside, type Layer, nothing } from "../layers/layer.js";
import { type EncoderBuilder, type Named, record } from "./encoder.js";
import { stageInputs } from "./stages.js";

type Modulation = { readonly scale: Tensor; readonly shift: Tensor };
type Parameters = { readonly trunk: readonly Structure[]; readonly modulations: readonly Modulation[] };

/**
 * One trunk, modulated after each stage by a vector that describes the task: h ↦ (1 + eΓ) ⊙ h + eB, channel by channel
 * (Perez et al., FiLM, 2018, equation 2; γ is 1 + eΓ, as in their section 3). Γ and B start at 0, so the tasks start
 * as in hard sharing; tasks with like encodings stay alike.
 */
export function film(stages: readonly Layer[], encodings: Named<readonly number[]>): EncoderBuilder {
  return (tasks, input) => {
    const shapes = stageInputs("film", stages, input);
    const length = encodingLength(tasks, encodings);
    return {
      name: "task-modulated trunk",
      description: { encoder: "film", stages: stages.map((s) => s.description), encodings },
      tasks,
      input,
      output: shapes[stages.length]!,
      initialise(key, dtype) {
        const made = stages.map((stage, k) => stage.initialise(foldIn(key, k), shapes[k]!, dtype));
        const modulations = stages.map((_, k): Modulation => {
          const size = [length, shapes[k + 1]![0]!];
          return { scale: zeros(size, dtype), shift: zeros(size, dtype) };
        });
        const shared: Parameters = { trunk: made.map(({ parameters }) => parameters), modulations };
        return {
          parameters: { shared, tasks: record(tasks, () => nothing) },
          state: record(tasks, () => made.map(({ state }) => state)),
        };
      },
      apply(parameters, x, wanted, context) {
        const { trunk, modulations } = parameters.shared as unknown as Parameters;
        const state: Record<string, Structure> = { ...(context.state as Named<Structure>) };
        const outputs = record(wanted, (task, t) => {
          const own = inside(context, t, nothing);
          const encoding = tensor([...encodings[task]!], { dtype: x.dtype });
          let h = x;
          state[task] = stages.map((stage, k) => {
            const before = (state[task] as readonly Structure[])[k]!;
            const applied = stage.apply(trunk[k]!, h, inside(own, k, before));
            const { scale, shift } = modulations[k]!;
            const wide = (values: Tensor): Tensor => alongChannels(values, shapes[k + 1]!);
            h = add(mul(wide(add(1, matmul(encoding, scale))), applied.output), wide(matmul(encoding, shift)));
            return applied.state;
          });
          return h;
        });
        return { outputs, state };
      },
      parts: stages.map((layer, k) => ({ layer, input: shapes[k]!, count: 1 })),
    };
  };
}

function encodingLength(tasks: readonly string[], encodings: Named<readonly number[]>): number {
  const length = encodings[tasks[0]!]?.length ?? 0;
  for (const task of tasks) {
    const found = encodings[task];
    if (!found || found.length !== length || length === 0)
      throw new InputError(
        `film: task "${task}" has ${found ? `an encoding of ${found.length} numbers` : "no encoding"}, expected ${length || "at least 1"} as for "${tasks[0]}"`,
      );
  }
  return length;
}
