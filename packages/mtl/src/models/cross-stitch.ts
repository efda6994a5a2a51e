import { einsum, foldIn, reshape, type Structure, slice, stack, type Tensor, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { inside, type Layer, nothing, type Shape } from "../layers/layer.js";
import { applyBank, type EncoderBuilder, initialiseBank, type Named, record } from "./encoder.js";
import { stageInputs } from "./stages.js";

export interface CrossStitchOptions {
  /** The share of its own activations that each task starts with; .9 unless given. 1 starts with independent networks. */
  readonly own?: number;
}

type Parameters = { readonly trunks: readonly Named<Structure>[]; readonly stitches: readonly Tensor[] };

/**
 * A trunk for each task; after each stage every task reads a learned mixture of all tasks' activations, channel by
 * channel: x̃_i = Σ_j α_ij x_j (Misra et al., Cross-stitch networks, 2016, equation 1).
 */
export function crossStitch(stages: readonly Layer[], { own = 0.9 }: CrossStitchOptions = {}): EncoderBuilder {
  if (!(own >= 0 && own <= 1)) throw new InputError(`crossStitch: own must be a share in [0, 1], not ${own}`);
  return (tasks, input) => {
    const inputs = stageInputs("crossStitch", stages, input);
    const banks = stages.map((layer, stage) => record(tasks, () => ({ layer, input: inputs[stage]! })));
    const count = tasks.length;
    return {
      name: "cross-stitch",
      description: { encoder: "crossStitch", stages: stages.map((s) => s.description), own },
      tasks,
      input,
      output: inputs[stages.length]!,
      initialise(key, dtype) {
        const made = banks.map((bank, k) => initialiseBank(bank, foldIn(key, k), dtype));
        const stitch = (shape: Shape): Tensor => {
          const channels = shape[0]!;
          const off = count === 1 ? 0 : (1 - own) / (count - 1);
          const share = (i: number, j: number) => (i === j ? (count === 1 ? 1 : own) : off);
          const values = tasks.map((_, i) => tasks.map((_, j) => new Array<number>(channels).fill(share(i, j))));
          return tensor(values, { dtype });
        };
        const shared: Parameters = {
          trunks: made.map(({ parameters }) => parameters),
          stitches: stages.map((_, k) => stitch(inputs[k + 1]!)),
        };
        return {
          parameters: { shared, tasks: record(tasks, () => nothing) },
          state: made.map(({ state }) => state),
        };
      },
      apply(parameters, x, wanted, context) {
        const { trunks, stitches } = parameters.shared as unknown as Parameters;
        const states = context.state as readonly Structure[];
        let at: Named<Tensor> = record(tasks, () => x);
        const after = banks.map((bank, k) => {
          const { outputs, state } = applyBank(bank, trunks[k]!, at, inside(context, k, states[k]!));
          const mixed = mix(
            stitches[k]!,
            tasks.map((task) => outputs[task]!),
          );
          at = record(tasks, (_, t) => mixed[t]!);
          return state;
        });
        return { outputs: record(wanted, (task) => at[task]!), state: after };
      },
      parts: stages.map((layer, k) => ({ layer, input: inputs[k]!, count })),
    };
  };
}

function mix(stitch: Tensor, activations: readonly Tensor[]): Tensor[] {
  const { shape } = activations[0]!;
  const all = reshape(stack(activations), [activations.length, shape[0]!, shape[1]!, -1]);
  const mixed = einsum("ijc,jbcm->ibcm", stitch, all);
  return activations.map((_, t) => reshape(slice(mixed, [t]), shape));
}
