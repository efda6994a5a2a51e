import { type Structure, Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { show } from "../layers/layer.js";
import { type Named, record } from "../models/encoder.js";
import type { Measures, Scaling } from "../objective/kind.js";
import type { Objective, ObjectiveParameters } from "../objective/objective.js";
import { type Dataset, labelsOf } from "../train/data.js";
import { createForward } from "../train/outputs.js";
import type { Wrap } from "../train/step.js";

/** What predictions need of a trained model: `train` gives it, `saveModel` keeps it. */
export interface FittedTasks {
  readonly objective: Objective;
  readonly parameters: ObjectiveParameters;
  readonly layers: Structure;
  readonly scalings: Named<Scaling>;
}

export interface PredictTasksOptions {
  /** Wraps what is computed: pass `compile` to compile it. */
  readonly wrap?: Wrap;
}

/**
 * Predictions of each task in the units of its labels: values, probabilities (of the positive class, or of each),
 * memberships of clusters.
 * @param inputs [rows, …] for all tasks, or one such tensor for each task asked for.
 */
export function predictTasks(
  { objective, parameters, layers, scalings }: FittedTasks,
  inputs: Tensor | Named<Tensor>,
  { wrap }: PredictTasksOptions = {},
): Record<string, Tensor> {
  const { tasks, kinds, model } = objective;
  const given = inputs instanceof Tensor ? record(tasks, () => inputs) : inputs;
  const forward = createForward(objective, wrap);
  const predictions: Record<string, Tensor> = {};
  for (const x of new Set(Object.values(given))) {
    const wanted = Object.keys(given).filter((task) => given[task] === x);
    for (const task of wanted) {
      const input = model.inputs[task];
      if (!input) throw new InputError(`predictTasks: there is no task "${task}"; the tasks are ${tasks.join(", ")}`);
      if (show(x.shape.slice(1)) !== show(input))
        throw new InputError(
          `predictTasks: task "${task}": found inputs ${show(x.shape)}, expected [rows, ${input.join(", ")}]`,
        );
    }
    const outputs = forward(parameters, layers, x, wanted);
    for (const task of wanted)
      predictions[task] = kinds[task]!.predict(outputs[task]!, parameters.kinds[task]!, scalings[task]!);
  }
  return record(
    tasks.filter((task) => task in predictions),
    (task) => predictions[task]!,
  );
}

/** How well each task is predicted, by the measures of its kind. */
export function evaluateTasks(fitted: FittedTasks, data: Dataset, options: PredictTasksOptions = {}): Named<Measures> {
  const { tasks, kinds } = fitted.objective;
  const own = tasks.filter((task) => task in data);
  const predictions = predictTasks(
    fitted,
    record(own, (task) => data[task]!.x),
    options,
  );
  return record(own, (task) => kinds[task]!.measure(predictions[task]!, labelsOf(data[task]!)));
}
