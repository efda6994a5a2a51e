import { foldIn, type Structure } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { inside, type Layer, type Shape } from "./layer.js";

type Named = { readonly [name: string]: Structure };

/** Names for parameters: the layers' own, numbered where one stands twice (`dense`, `dense2`). */
function uniqueNames(layers: readonly Layer[]): string[] {
  const seen = new Map<string, number>();
  return layers.map(({ name }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}${count}`;
  });
}

/** Layers one after another; parameters and state go by the layers' names. @example sequential([dense(32), dense(1)]) */
export function sequential(
  layers: readonly Layer[],
  { name = "sequential" }: { readonly name?: string } = {},
): Layer<Named> {
  const names = uniqueNames(layers);
  const shapes = (input: Shape): Shape[] => {
    const all: Shape[] = [input];
    for (const [k, layer] of layers.entries()) {
      try {
        all.push(layer.outputShape(all[k]!));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        throw new InputError(`${name}, layer ${k + 1} of ${layers.length}: ${error.message}`);
      }
    }
    return all;
  };
  return {
    name,
    description: { layer: "sequential", layers: layers.map((l) => l.description), name },
    outputShape: (input) => shapes(input).at(-1)!,
    initialise(key, input, dtype) {
      const at = shapes(input);
      const made = layers.map((layer, k) => layer.initialise(foldIn(key, k), at[k]!, dtype));
      return {
        parameters: Object.fromEntries(made.map(({ parameters }, k) => [names[k]!, parameters])),
        state: Object.fromEntries(made.map(({ state }, k) => [names[k]!, state])),
      };
    },
    apply(parameters, x, context) {
      let output = x;
      const states: Record<string, Structure> = {};
      for (const [k, layer] of layers.entries()) {
        const own = (context.state as Named)[names[k]!]!;
        const applied = layer.apply(parameters[names[k]!]!, output, inside(context, k, own));
        output = applied.output;
        states[names[k]!] = applied.state;
      }
      return { output, state: states };
    },
    parts: (input) => layers.map((layer, k) => ({ layer, input: shapes(input)[k]! })),
  };
}
