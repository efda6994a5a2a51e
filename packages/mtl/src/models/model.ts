import { concat, foldIn, type Structure, Tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import {
  type Context,
  type Floating,
  type Initialised,
  inside,
  type Json,
  type Layer,
  nothing,
  type Shape,
  show,
} from "../layers/layer.js";
import { countParameters, formatSummary, type SummaryRow, summaryRows } from "../layers/summary.js";
import { type Encoded, type Encoder, type EncoderBuilder, type Named, record } from "./encoder.js";
import { encodeGroups } from "./groups.js";
import { checkParents, withAncestors } from "./parents.js";
import { createStems, type Given, joinShared, partShared, type Stem } from "./stems.js";

export interface ModelOptions {
  /** The shape of one example, or of what stems make of it: what the encoder reads. */
  readonly input: Shape;
  /** For tasks whose examples have another shape, by names of your own. */
  readonly stems?: Named<Stem>;
  /** What tasks share: `hardSharing(trunk)`, `mmoe(expert, { experts: 4 })`, … */
  readonly encoder: EncoderBuilder;
  /** From a task's representation to its output. The order of tasks is the order of these. */
  readonly heads: Named<Layer>;
  /** A child's head reads its parent's output beside its own representation: `{ child: "parent" }`. */
  readonly parents?: Named<string>;
}

export type ModelParameters = {
  /** What the losses of several tasks reach: balancing methods work on its gradients. */
  readonly shared: Structure;
  readonly tasks: Named<{ readonly encoder: Structure; readonly head: Structure; readonly stem?: Structure }>;
};

/** One tensor for all tasks, or one for each; the same tensor given to several tasks is encoded once. */
export type ModelInputs = Tensor | Named<Tensor>;

export interface Model {
  readonly tasks: readonly string[];
  /** The shape of one example of each task. */
  readonly inputs: Named<Shape>;
  readonly encoder: Encoder;
  readonly heads: Named<Layer>;
  readonly parents: Named<string>;
  /** Of each task's output for one example. */
  readonly outputs: Named<Shape>;
  /** What it was made of: for the same model with fewer tasks. */
  readonly options: ModelOptions;
  /** The model as JSON, for `modelFromDescription`. */
  readonly description: Json;
  initialise(key: Tensor, dtype?: Floating): Initialised<ModelParameters>;
  /** Outputs of the tasks that are given an input. */
  apply(parameters: ModelParameters, inputs: ModelInputs, context: Context): Encoded;
}

/**
 * An encoder and a head for each task, with all shapes inferred and checked here.
 * @throws InputError that names the layer whose shapes do not fit, an unknown parent, parents in a circle; see `Stem`.
 */
export function multiTaskModel(options: ModelOptions): Model {
  const { input, stems: given = {}, encoder: build, heads, parents = {} } = options;
  const tasks = Object.keys(heads);
  if (tasks.length === 0) throw new InputError("multiTaskModel: there is no head; give one a task");
  const order = checkParents(tasks, parents);
  const stems = createStems(given, tasks, input);
  const hasStems = Object.keys(given).length > 0;
  const encoder = build(tasks, input);
  const outputs: Record<string, Shape> = {};
  const headInputs: Record<string, Shape> = {};
  for (const task of order) {
    headInputs[task] = headInput(task, encoder.output, parents[task], outputs);
    try {
      outputs[task] = heads[task]!.outputShape(headInputs[task]!);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`multiTaskModel, head of task "${task}": ${error.message}`);
    }
  }
  return {
    tasks,
    inputs: stems.inputs,
    encoder,
    heads,
    parents,
    outputs: record(tasks, (task) => outputs[task]!),
    options,
    description: {
      input,
      ...(hasStems && { stems: describeStems(given) }),
      encoder: encoder.description,
      heads: record(tasks, (t) => heads[t]!.description),
      parents,
    },
    initialise(key, dtype = "float32") {
      const { parameters, state } = encoder.initialise(foldIn(key, 0), dtype);
      const made = record(tasks, (task, t) =>
        heads[task]!.initialise(foldIn(foldIn(key, 1), t), headInputs[task]!, dtype),
      );
      const ofStems = stems.initialise(foldIn(key, 2), dtype);
      return {
        parameters: {
          shared: joinShared(parameters.shared, stems, ofStems.parameters),
          tasks: record(tasks, (task) => ({
            encoder: parameters.tasks[task]!,
            head: made[task]!.parameters,
            ...(stems.ownOf.has(task) && { stem: ofStems.parameters[stems.ownOf.get(task)!]! }),
          })),
        },
        state: {
          encoder: state,
          heads: record(tasks, (task) => made[task]!.state),
          ...(hasStems && { stems: ofStems.state }),
        },
      };
    },
    apply(parameters, inputs, context) {
      const before = context.state as unknown as ModelState;
      const { encoder: shared, stems: sharedStems } = partShared(parameters.shared, stems);
      const own = { shared, tasks: record(tasks, (task) => parameters.tasks[task]!.encoder) };
      const ownStems = [...stems.ownOf].map(([task, name]) => [name, parameters.tasks[task]!.stem!]);
      const stemmed = stems.apply(
        { ...sharedStems, ...Object.fromEntries(ownStems) },
        groupByInput(tasks, stems.inputs, inputs),
        inside(context, 1 + tasks.length, before.stems ?? nothing),
      );
      const groups = stemmed.groups.map(({ x, wanted }) => ({ x, wanted, needed: withAncestors(wanted, parents) }));
      const encoded = encodeGroups(encoder, own, groups, inside(context, 0, before.encoder));
      const found: Record<string, Tensor> = {};
      const headStates: Record<string, Structure> = { ...before.heads };
      for (const [k, { wanted, needed }] of groups.entries()) {
        const within = inside(context, 1 + k, nothing);
        const here: Record<string, Tensor> = {};
        for (const task of order) {
          if (!needed.includes(task)) continue;
          const parent = parents[task];
          const representation = encoded.outputs[k]![task]!;
          const read = parent === undefined ? representation : concat([representation, here[parent]!], 1);
          const applied = heads[task]!.apply(
            parameters.tasks[task]!.head,
            read,
            inside(within, tasks.indexOf(task), headStates[task]!),
          );
          here[task] = applied.output;
          headStates[task] = applied.state;
          if (wanted.includes(task)) found[task] = applied.output;
        }
      }
      return {
        outputs: found,
        state: { encoder: encoded.state, heads: headStates, ...(hasStems && { stems: stemmed.state }) },
      };
    },
  };
}

function headInput(task: string, representation: Shape, parent: string | undefined, outputs: Named<Shape>): Shape {
  if (parent === undefined) return representation;
  const above = outputs[parent]!;
  if (representation.length !== 1 || above.length !== 1)
    throw new InputError(
      `multiTaskModel: task "${task}" reads its parent "${parent}", so both must be vectors, found ${show(representation)} and ${show(above)}; end the encoder with flattenLayer()`,
    );
  return [representation[0]! + above[0]!];
}

type ModelState = { readonly encoder: Structure; readonly heads: Named<Structure>; readonly stems?: Structure };

/** Tasks that are given the very same tensor go together. */
function groupByInput(tasks: readonly string[], expected: Named<Shape>, inputs: ModelInputs): Given[] {
  const given = inputs instanceof Tensor ? record(tasks, () => inputs) : inputs;
  for (const task of Object.keys(given))
    if (!tasks.includes(task))
      throw new InputError(`apply: there is no task "${task}"; the tasks are ${tasks.join(", ")}`);
  const groups = new Map<Tensor, string[]>();
  for (const task of tasks) {
    const x = given[task];
    if (!x) continue;
    const shape = expected[task]!;
    if (show(x.shape.slice(1)) !== show(shape))
      throw new InputError(`apply: task "${task}" is given ${show(x.shape)}, expected [batch, ${shape.join(", ")}]`);
    groups.set(x, [...(groups.get(x) ?? []), task]);
  }
  return [...groups].map(([x, wanted]) => ({ x, wanted }));
}

const describeStems = (stems: Named<Stem>): Json =>
  record(Object.keys(stems), (name) => ({ ...stems[name]!, layer: stems[name]!.layer.description }));

/** A table of the stems, the encoder's layers and the heads, with the numbers of parameters. */
export function modelSummary(model: Model, key: Tensor): string {
  const { parameters } = model.initialise(key);
  const { encoder, tasks, options } = model;
  const stems = Object.entries(options.stems ?? {}).flatMap(([name, { layer, input }]) => {
    const [first, ...rest] = summaryRows(layer, input);
    return [{ ...first!, name: `stem of ${name}` }, ...rest];
  });
  const heads = tasks.map((task) => countParameters(parameters.tasks[task]!.head));
  const apart = [...stems.filter(({ depth }) => depth === 0).map((row) => row.parameters), ...heads];
  const encoderCount = apart.reduce((rest, count) => rest - count, countParameters(parameters));
  const rows: SummaryRow[] = [
    ...stems,
    { name: encoder.name, depth: 0, output: encoder.output, parameters: encoderCount },
    ...encoder.parts.flatMap(({ layer, input, count }) => {
      const [first, ...rest] = summaryRows(layer, input, 1);
      return [{ ...first!, name: count === 1 ? first!.name : `${count} × ${first!.name}` }, ...rest];
    }),
    ...tasks.map((task, t) => ({
      name: `head of ${task}`,
      depth: 0,
      output: model.outputs[task]!,
      parameters: heads[t]!,
    })),
  ];
  return `${formatSummary(rows)}\n${countParameters(parameters).toLocaleString("en")} parameters in all`;
}
