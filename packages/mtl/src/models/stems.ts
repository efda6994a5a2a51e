import type { Structure, Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { type Context, type Floating, type Initialised, type Layer, type Shape, show } from "../layers/layer.js";
import { applyBank, type Bank, initialiseBank, type Named, record } from "./encoder.js";
import { joinRows, partRows } from "./rows.js";

/** Layers of some tasks before the encoder, where their examples have a shape of their own: images beside tables. */
export interface Stem {
  readonly tasks: readonly string[];
  /** The shape of one example of these tasks. */
  readonly input: Shape;
  /** From there to the shape that the encoder reads. */
  readonly layer: Layer;
}

/** Rows, and the tasks whose outputs are wanted of them. */
export interface Given {
  readonly x: Tensor;
  readonly wanted: readonly string[];
}

export interface Stems {
  readonly bank: Bank;
  /** The stem of each task that has one to itself. */
  readonly ownOf: ReadonlyMap<string, string>;
  /** The shape of one example of each task. */
  readonly inputs: Named<Shape>;
  initialise(key: Tensor, dtype: Floating): Initialised<Named<Structure>>;
  /** Each group's rows as the encoder reads them; tasks that are given the same rows go apart where their stems do. */
  apply(
    parameters: Named<Structure>,
    groups: readonly Given[],
    context: Context,
  ): { readonly groups: readonly Given[]; readonly state: Structure };
}

/** @throws InputError for a stem of unknown tasks or of none, a second one of a task, and one that gives another shape. */
export function createStems(stems: Named<Stem>, tasks: readonly string[], input: Shape): Stems {
  const stemOf = new Map<string, string>();
  for (const [name, stem] of Object.entries(stems)) {
    const refusal = (what: string) => new InputError(`multiTaskModel, stem "${name}": ${what}`);
    if (stem.tasks.length === 0) throw refusal("it has no task");
    for (const task of stem.tasks) {
      if (!tasks.includes(task)) throw refusal(`there is no task "${task}"; the tasks are ${tasks.join(", ")}`);
      if (stemOf.has(task)) throw refusal(`task "${task}" has the stem "${stemOf.get(task)}" already`);
      stemOf.set(task, name);
    }
    const output = outputOf(stem, refusal);
    if (show(output) !== show(input)) throw refusal(`it gives ${show(output)}, and the encoder reads ${show(input)}`);
  }
  const names = Object.keys(stems);
  const bank = record(names, (name) => ({ layer: stems[name]!.layer, input: stems[name]!.input }));
  return {
    bank,
    ownOf: new Map([...stemOf].filter(([, name]) => stems[name]!.tasks.length === 1)),
    inputs: record(tasks, (task) => (stemOf.has(task) ? stems[stemOf.get(task)!]!.input : input)),
    initialise: (key, dtype) => initialiseBank(bank, key, dtype),
    apply(parameters, groups, context) {
      const apart = groups.flatMap(({ x, wanted }) =>
        [...new Set(wanted.map((task) => stemOf.get(task)))].map((name) => ({
          name,
          x,
          wanted: wanted.filter((task) => stemOf.get(task) === name),
        })),
      );
      // All rows of a stem go through it together, as all rows go through a trunk.
      const rows = Object.fromEntries(
        names
          .map((own) => [own, apart.filter(({ name }) => name === own).map(({ x }) => x)] as const)
          .filter(([, list]) => list.length > 0),
      );
      const whole = record(Object.keys(rows), (name) => joinRows(rows[name]!));
      const { outputs, state } = applyBank(bank, parameters, whole, context);
      const parts = record(Object.keys(rows), (name) => [...partRows(outputs[name]!, rows[name]!)]);
      return {
        groups: apart.map(({ name, x, wanted }) => ({ x: name === undefined ? x : parts[name]!.shift()!, wanted })),
        state,
      };
    },
  };
}

function outputOf({ layer, input }: Stem, refusal: (what: string) => InputError): Shape {
  try {
    return layer.outputShape(input);
  } catch (error) {
    throw error instanceof InputError ? refusal(error.message) : error;
  }
}

/** What several tasks share of an encoder and of stems, as a model keeps it. Without shared stems, the encoder's alone. */
export function joinShared(encoder: Structure, { bank, ownOf }: Stems, parameters: Named<Structure>): Structure {
  const own = new Set(ownOf.values());
  const names = Object.keys(bank).filter((name) => !own.has(name));
  return names.length === 0 ? encoder : { encoder, stems: record(names, (name) => parameters[name]!) };
}

/** The same taken apart. */
export function partShared(
  shared: Structure,
  { bank, ownOf }: Stems,
): { readonly encoder: Structure; readonly stems: Named<Structure> } {
  if (Object.keys(bank).length === ownOf.size) return { encoder: shared, stems: {} };
  return shared as { readonly encoder: Structure; readonly stems: Named<Structure> };
}
