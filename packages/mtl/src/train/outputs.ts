import { concat, randomKey, type Structure, slice, type Tensor } from "@kinship/tensor";
import { type Named, record } from "../models/encoder.js";
import type { Objective, ObjectiveParameters } from "../objective/objective.js";
import type { Wrap } from "./step.js";

/** Rows that go through a model together outside training. */
const chunk = 256;

/** What the heads of some tasks give for all rows of `x`, outside training. */
export type Forward = (
  parameters: ObjectiveParameters,
  layers: Structure,
  x: Tensor,
  tasks: readonly string[],
) => Record<string, Tensor>;

/** Made once and called often: what `wrap` compiles is kept for each choice of tasks. */
export function createForward({ model }: Objective, wrap: Wrap = (f) => f): Forward {
  const made = new Map<string, (own: ObjectiveParameters, layers: Structure, rows: Tensor) => Structure>();
  const forwardFor = (tasks: readonly string[]) => {
    const name = JSON.stringify(tasks);
    const known = made.get(name);
    if (known) return known;
    const forward = wrap((own: ObjectiveParameters, state: Structure, rows: Tensor): Structure => {
      const context = { training: false, key: () => randomKey(0), state };
      return model.apply(
        own.model,
        record(tasks, () => rows),
        context,
      ).outputs;
    });
    made.set(name, forward);
    return forward;
  };
  return (parameters, layers, x, tasks) => {
    const forward = forwardFor(tasks);
    const parts: Named<Tensor>[] = [];
    for (let start = 0; start < x.shape[0]!; start += chunk)
      parts.push(forward(parameters, layers, slice(x, [[start, start + chunk]])) as Named<Tensor>);
    return record(tasks, (task) => (parts.length === 1 ? parts[0]![task]! : concat(parts.map((part) => part[task]!))));
  };
}
