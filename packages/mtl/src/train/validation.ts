import type { Structure, Tensor } from "@kinship/tensor";
import { type Named, record } from "../models/encoder.js";
import type { Measures } from "../objective/kind.js";
import type { Objective, ObjectiveParameters } from "../objective/objective.js";
import type { Dataset, PreparedGroup } from "./data.js";
import { labelsOf } from "./data.js";
import type { Forward } from "./outputs.js";
import type { EpochRecord } from "./progress.js";

/** Losses and measures on rows that were not trained on. */
export function validate(
  objective: Objective,
  parameters: ObjectiveParameters,
  layers: Structure,
  { data, groups, scalings }: { data: Dataset; groups: readonly PreparedGroup[]; scalings: Named<Structure> },
  active: Float64Array,
  forward: Forward,
): NonNullable<EpochRecord["validation"]> {
  const { tasks, kinds, weights } = objective;
  const losses: Record<string, number> = {};
  const measures: Record<string, Measures> = {};
  for (const { x, targets } of groups) {
    const outputs = forward(parameters, layers, x, Object.keys(targets));
    for (const [task, target] of Object.entries(targets)) {
      const own = parameters.kinds[task]!;
      losses[task] = kinds[task]!.loss({ output: outputs[task]!, ...target, parameters: own }).item();
      const predicted: Tensor = kinds[task]!.predict(outputs[task]!, own, scalings[task]!);
      measures[task] = kinds[task]!.measure(predicted, labelsOf(data[task]!));
    }
  }
  return {
    losses: record(tasks, (task) => losses[task]!),
    total: tasks.reduce((sum, task, t) => sum + active[t]! * weights.get(t) * losses[task]!, 0),
    measures: record(tasks, (task) => measures[task]!),
  };
}
