import {
  binary,
  cgc,
  conv2dLayer,
  createObjective,
  crossStitch,
  dense,
  dropout,
  dselectK,
  type EncoderBuilder,
  flattenLayer,
  hardSharing,
  type Layer,
  maxPool2dLayer,
  mmoe,
  multiclass,
  multiTaskModel,
  type Objective,
  ple,
  regression,
  sequential,
  softSharing,
  type TaskKind,
} from "@kinship/mtl";
import { InputError, listNames } from "../errors.js";
import type { ModelTask } from "./data.js";
import type { TrainOptions } from "./grammar.js";

type Shape = readonly number[];
type Wanted = Pick<TrainOptions, "architecture" | "hidden" | "filters" | "dropout" | "weights" | "balance">;

/** Balancing methods that weigh losses by weights that are given: the objective leaves them to these. */
const weighsItself = new Set(["fixedWeighting", "cosmos"]);

/** A kind of the library for each task found. */
function kindOf({ kind, classes }: ModelTask): TaskKind {
  if (kind === "regression") return regression();
  return kind === "binary" ? binary() : multiclass({ classes: classes.length });
}

/** The trunk in stages, so that architectures can share or mix after each. Images are halved after each convolution. */
function stagesOf(input: Shape, { hidden, filters, dropout: rate }: Wanted): Layer[] {
  const stages: Layer[] = [];
  if (input.length === 3) {
    let side = Math.min(input[1]!, input[2]!);
    for (const count of filters) {
      const convolved = conv2dLayer(count, 3, { activation: "relu" });
      // Below two pixels nothing is left to halve.
      stages.push(side >= 2 ? sequential([convolved, maxPool2dLayer(2)]) : convolved);
      side = Math.floor(side / 2);
    }
    stages.push(flattenLayer());
  }
  for (const units of hidden) {
    const layer = dense(units, { activation: "relu" });
    stages.push(rate > 0 ? sequential([layer, dropout(rate)]) : layer);
  }
  return stages;
}

/** Experts, where an architecture has several; a power of two suits all of them. */
const experts = 4;

function encoderOf(architecture: TrainOptions["architecture"], stages: readonly Layer[]): EncoderBuilder {
  const trunk = sequential([...stages]);
  switch (architecture) {
    case "hard":
      return hardSharing(trunk);
    case "soft":
      return softSharing(trunk);
    case "cross-stitch":
      return crossStitch(stages);
    case "mmoe":
      return mmoe(trunk, { experts });
    case "cgc":
      return cgc(trunk, { shared: 2, own: 1 });
    case "ple": {
      // Two levels: what comes before the last layer, and the last layer.
      const levels = stages.length < 2 ? [trunk] : [sequential(stages.slice(0, -1)), stages.at(-1)!];
      return ple(levels.map((expert) => ({ expert, shared: 2, own: 1 })));
    }
    case "dselect-k":
      return dselectK(trunk, { experts, selected: 2 });
  }
}

/** The model and what it is trained for. @throws InputError for a weight of a task that is none. */
export function objectiveFor(tasks: readonly ModelTask[], input: Shape, wanted: Wanted): Objective {
  const { weights = {}, balance } = wanted;
  const own = balance !== undefined && weighsItself.has(balance);
  const names = tasks.map(({ name }) => name);
  for (const name of Object.keys(weights))
    if (!names.includes(name))
      throw new InputError(`--weights: there is no task "${name}"; the tasks are ${listNames(names, 20)}`);
  const record = <T>(value: (task: ModelTask) => T) =>
    Object.fromEntries(tasks.map((task) => [task.name, value(task)]));
  const heads = record(({ kind, classes }) => dense(kind === "multiclass" ? classes.length : 1));
  const encoder = encoderOf(wanted.architecture, stagesOf(input, wanted));
  return createObjective({
    model: multiTaskModel({ input, encoder, heads }),
    tasks: record((task) => ({ kind: kindOf(task), weight: own ? 1 : (weights[task.name] ?? 1) })),
  });
}
