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
  film,
  flattenLayer,
  hardSharing,
  type Layer,
  maxPool2dLayer,
  mmoe,
  mtan,
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
import type { Encodings } from "./encodings.js";
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

/** A layer of the trunk, and what architectures that go beside it need. */
interface Block {
  readonly layer: Layer;
  /** From its output to the same shape. */
  readonly again: Layer;
  /** From the shape of its input to that of its output, channels aside; none where these are the same. */
  readonly narrow?: Layer;
  /** Whether it reads an image as a vector. */
  readonly flattens: boolean;
}

/** The layers of the trunk. Images are halved after each convolution. */
function blocksOf(input: Shape, { hidden, filters, dropout: rate }: Wanted): Block[] {
  const blocks: Block[] = [];
  const ofImages = input.length === 3;
  let side = ofImages ? Math.min(input[1]!, input[2]!) : 0;
  for (const count of ofImages ? filters : []) {
    const convolution = conv2dLayer(count, 3, { activation: "relu" });
    // Below two pixels nothing is left to halve.
    const halve = side >= 2 ? maxPool2dLayer(2) : undefined;
    blocks.push({
      layer: halve ? sequential([convolution, halve]) : convolution,
      again: convolution,
      ...(halve && { narrow: halve }),
      flattens: false,
    });
    side = Math.floor(side / 2);
  }
  for (const [k, units] of hidden.entries()) {
    const layer = dense(units, { activation: "relu" });
    const flattens = ofImages && k === 0;
    blocks.push({
      layer: rate > 0 ? sequential([layer, dropout(rate)]) : layer,
      again: layer,
      ...(flattens && { narrow: flattenLayer() }),
      flattens,
    });
  }
  return blocks;
}

/** The trunk in stages, so that architectures can share or mix after each. */
const stagesOf = (blocks: readonly Block[]): Layer[] =>
  blocks.flatMap(({ layer, flattens }) => (flattens ? [flattenLayer(), layer] : [layer]));

/** The same with a flattening in one stage with the layer that reads it. */
const joinedStages = (blocks: readonly Block[]): Layer[] =>
  blocks.map(({ layer, flattens }) => (flattens ? sequential([flattenLayer(), layer]) : layer));

/** Channels of what a task's attention computes between what it reads and its mask. */
const attentionChannels = 32;

/** Experts, where an architecture has several; a power of two suits all of them. */
const experts = 4;

function encoderOf(
  architecture: TrainOptions["architecture"],
  blocks: readonly Block[],
  encodings: Encodings,
): EncoderBuilder {
  const stages = stagesOf(blocks);
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
    case "mtan": {
      const joined = joinedStages(blocks);
      const attended = blocks.map(({ again, narrow }, k) => ({
        ...{ first: joined[k]!, second: again },
        ...(narrow && { carry: narrow }),
      }));
      return mtan(attended, { hidden: attentionChannels });
    }
    case "film":
      return film(joinedStages(blocks), encodings);
  }
}

/** The model and what it is trained for. @throws InputError for a weight of a task that is none. */
export function objectiveFor(
  tasks: readonly ModelTask[],
  input: Shape,
  wanted: Wanted,
  encodings: Encodings,
): Objective {
  const { weights = {}, balance } = wanted;
  const own = balance !== undefined && weighsItself.has(balance);
  const names = tasks.map(({ name }) => name);
  for (const name of Object.keys(weights))
    if (!names.includes(name))
      throw new InputError(`--weights: there is no task "${name}"; the tasks are ${listNames(names, 20)}`);
  const record = <T>(value: (task: ModelTask) => T) =>
    Object.fromEntries(tasks.map((task) => [task.name, value(task)]));
  const heads = record(({ kind, classes }) => dense(kind === "multiclass" ? classes.length : 1));
  const encoder = encoderOf(wanted.architecture, blocksOf(input, wanted), encodings);
  return createObjective({
    model: multiTaskModel({ input, encoder, heads }),
    tasks: record((task) => ({ kind: kindOf(task), weight: own ? 1 : (weights[task.name] ?? 1) })),
  });
}
