import { InputError } from "../errors.js";
import { type Named, record } from "../models/encoder.js";
import { multiTaskModel } from "../models/model.js";
import type { Measures } from "../objective/kind.js";
import { createObjective, type Objective } from "../objective/objective.js";
import type { Dataset } from "../train/data.js";
import type { TrainOptions } from "../train/options.js";
import { createSampler } from "../train/sampler.js";
import { train } from "../train/train.js";
import { evaluateTasks } from "./predict.js";
import { type Interval, meanInterval } from "./student.js";

export interface CompareTrainingOptions
  extends Omit<TrainOptions, "seed" | "resume" | "checkpoint" | "onStep" | "onEpoch"> {
  /** Rows that neither train nor decide when to stop. */
  readonly test: Dataset;
  /** One run each; 0, 1 and 2 unless given. */
  readonly seeds?: readonly number[];
  /** .95 unless given. */
  readonly confidence?: number;
}

export interface TaskTransfer {
  readonly measure: string;
  /** One a seed, on the test rows. */
  readonly multi: readonly number[];
  readonly single: readonly number[];
  /** Multi less single, turned so that more is better: means over seeds, with Student's interval of the paired runs. */
  readonly gain: Interval;
  /** "unclear" where the interval holds 0, or with one seed. */
  readonly verdict: "helped" | "hurt" | "unclear";
}

export interface TrainingComparison {
  readonly tasks: Named<TaskTransfer>;
  /**
   * Δm, the mean over tasks of the relative gain (Maninis, Radosavovic & Kokkinos, Attentive single-tasking of multiple
   * tasks, 2019, equation 4), in percent: of regressions in their mean squared error, of others in their main measure.
   */
  readonly deltaM: Interval;
  /** All measures, one entry a seed. */
  readonly measures: { readonly multi: readonly Named<Measures>[]; readonly single: readonly Named<Measures>[] };
}

/**
 * Trains the tasks together, and each alone with the same architecture, steps and rows a step, once a seed.
 * @throws InputError for a task without labels in the test rows.
 */
export async function compareTraining({
  test,
  seeds = [0, 1, 2],
  confidence = 0.95,
  ...options
}: CompareTrainingOptions): Promise<TrainingComparison> {
  const { objective } = options;
  const { tasks, kinds } = objective;
  for (const task of tasks)
    if (!test[task]?.y) throw new InputError(`compareTraining: task "${task}" has no labels in the test rows`);
  const multi: Named<Measures>[] = [];
  const single: Named<Measures>[] = [];
  const wrap = options.wrap ? { wrap: options.wrap } : {};
  for (const seed of seeds) {
    const together = await train({ ...options, seed });
    multi.push(evaluateTasks(together, test, wrap));
    const alone: Record<string, Measures> = {};
    for (const task of tasks) {
      const fitted = await train({ ...singleTask(options, task), seed });
      alone[task] = evaluateTasks(fitted, only(test, task), wrap)[task]!;
    }
    single.push(alone);
  }
  const transfers = record(tasks, (task): TaskTransfer => {
    const { measure, better } = kinds[task]!.main;
    const of = (runs: readonly Named<Measures>[]) => runs.map((run) => run[task]![measure]!);
    const [together, alone] = [of(multi), of(single)];
    const sign = better === "higher" ? 1 : -1;
    const gain = meanInterval(
      together.map((value, s) => sign * (value - alone[s]!)),
      confidence,
    );
    const verdict = gain.low > 0 ? "helped" : gain.high < 0 ? "hurt" : "unclear";
    return { measure, multi: together, single: alone, gain, verdict };
  });
  const relative = seeds.map((_, s) => {
    const parts = tasks.map((task) => {
      const { measure, better } = kinds[task]!.relative ?? kinds[task]!.main;
      const [together, alone] = [multi[s]![task]![measure]!, single[s]![task]![measure]!];
      return ((better === "higher" ? 1 : -1) * (together - alone)) / Math.abs(alone);
    });
    return (100 * parts.reduce((a, b) => a + b, 0)) / parts.length;
  });
  return { tasks: transfers, deltaM: meanInterval(relative, confidence), measures: { multi, single } };
}

/** The same training with one task: the rows of it that a step of all tasks draws, as many steps. */
function singleTask(options: Omit<CompareTrainingOptions, "test">, task: string): Omit<TrainOptions, "seed"> {
  const { objective, data, validation, batchSize = 32, temperature = 1 } = options;
  const groups = [...new Set(objective.tasks.map((t) => data[t]!.x))];
  const rows = groups.map((x) => x.shape[0]!);
  const { counts, stepsInEpoch } = createSampler({ rows, batchSize, temperature, seed: 0 });
  const { epochs: _, balancer: __, seeds: ___, confidence: ____, ...rest } = options as CompareTrainingOptions;
  return {
    ...rest,
    objective: singleTaskObjective(objective, task),
    data: only(data, task),
    ...(validation && { validation: only(validation, task) }),
    steps: options.steps ?? options.epochs! * stepsInEpoch,
    batchSize: counts[groups.indexOf(data[task]!.x)]!,
  };
}

const only = (data: Dataset, task: string): Dataset => ({ [task]: data[task]! });

/** The same architecture, head and kind, for one task; penalties, which tie tasks, are left out. */
export function singleTaskObjective({ model, tasks, kinds, weights }: Objective, task: string): Objective {
  const head = model.heads[task];
  if (!head) throw new InputError(`singleTaskObjective: there is no task "${task}"; the tasks are ${tasks.join(", ")}`);
  const { input, encoder, stems = {} } = model.options;
  const own = Object.entries(stems)
    .filter(([, stem]) => stem.tasks.includes(task))
    .map(([name, stem]) => [name, { ...stem, tasks: [task] }]);
  return createObjective({
    model: multiTaskModel({ input, encoder, stems: Object.fromEntries(own), heads: { [task]: head } }),
    tasks: { [task]: { kind: kinds[task]!, weight: weights.get(tasks.indexOf(task)) } },
  });
}
