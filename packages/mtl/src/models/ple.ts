import { foldIn, type Structure, type Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { inside, type Layer, nothing, requireCount } from "../layers/layer.js";
import { applyBank, type EncoderBuilder, initialiseBank, type Named, record } from "./encoder.js";
import { type Gate, gateShares, initialiseGate, mixExperts } from "./gates.js";
import { stageInputs } from "./stages.js";

export interface ExtractionLevel {
  readonly expert: Layer;
  /** How many experts all tasks share. */
  readonly shared: number;
  /** How many experts each task has for itself. */
  readonly own: number;
}

type Level = { readonly experts: Named<Structure>; readonly gates: Named<Gate> };

/** The name of what all tasks share, beside the names of tasks. */
const common = "(shared)";

/**
 * Levels of experts, some shared and some a task's own; each task's gate mixes its own and the shared ones, and between
 * levels a shared gate mixes all (Tang et al., Progressive layered extraction, 2020, equations 4 to 8).
 */
export function ple(levels: readonly ExtractionLevel[]): EncoderBuilder {
  for (const { shared, own } of levels) {
    requireCount("ple", "the number of shared experts", shared);
    requireCount("ple", "the number of a task's own experts", own);
  }
  return (tasks, input) => {
    if (tasks.includes(common)) throw new InputError(`ple: a task is named "${common}"; rename it`);
    const at = stageInputs(
      "ple",
      levels.map((level) => level.expert),
      input,
    );
    const last = levels.length - 1;
    const own = levels.map(
      (level) => (owner: string) =>
        Array.from({ length: owner === common ? level.shared : level.own }, (_, k) => `${owner} ${k + 1}`),
    );
    const owners = [common, ...tasks];
    const readers = (level: number) => (level === last ? tasks : owners);
    /** The shared gate reads all experts, a task's its own and the shared ones. */
    const read = (level: number, reader: string): string[] =>
      reader === common ? owners.flatMap(own[level]!) : [...own[level]!(reader), ...own[level]!(common)];
    const banks = levels.map(({ expert }, k) =>
      record(owners.flatMap(own[k]!), () => ({ layer: expert, input: at[k]! })),
    );
    return {
      name: levels.length === 1 ? "customised gate control" : "progressive layered extraction",
      description: { encoder: "ple", levels: levels.map((l) => ({ ...l, expert: l.expert.description })) },
      tasks,
      input,
      output: at[levels.length]!,
      initialise(key, dtype) {
        const made = banks.map((bank, k) => {
          const own = foldIn(key, k);
          const gates = record(readers(k), (reader, r) =>
            initialiseGate(foldIn(foldIn(own, 1), r), at[k]!, read(k, reader).length, dtype),
          );
          return { gates, ...initialiseBank(bank, foldIn(own, 0), dtype) };
        });
        const shared = made.map(({ parameters, gates }) => ({ experts: parameters, gates }));
        return {
          parameters: { shared, tasks: record(tasks, () => nothing) },
          state: made.map(({ state }) => state),
        };
      },
      apply(parameters, x, wanted, context) {
        const shared = parameters.shared as unknown as readonly Level[];
        let inputs: Named<Tensor> = record(owners, () => x);
        const states = banks.map((bank, k) => {
          const given = Object.fromEntries(owners.flatMap((o) => own[k]!(o).map((name) => [name, inputs[o]!])));
          const { outputs, state } = applyBank(
            bank,
            shared[k]!.experts,
            given,
            inside(context, k, (context.state as readonly Structure[])[k]!),
          );
          inputs = record(readers(k), (reader) =>
            mixExperts(
              gateShares(shared[k]!.gates[reader]!, inputs[reader]!),
              read(k, reader).map((name) => outputs[name]!),
            ),
          );
          return state;
        });
        return { outputs: record(wanted, (task) => inputs[task]!), state: states };
      },
      parts: levels.map(({ expert, shared, own }, k) => ({
        layer: expert,
        input: at[k]!,
        count: shared + own * tasks.length,
      })),
    };
  };
}

/** Customised gate control: progressive layered extraction with one level (Tang et al., 2020, section 4.1). */
export const cgc = (
  expert: Layer,
  { shared, own }: { readonly shared: number; readonly own: number },
): EncoderBuilder => ple([{ expert, shared, own }]);
