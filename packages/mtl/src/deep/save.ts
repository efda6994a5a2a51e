import { leaves, type Nested, randomKey, type Structure, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import type { Floating, Json } from "../layers/layer.js";
import { type Named, record } from "../models/encoder.js";
import { multiTaskModel } from "../models/model.js";
import type { Scaling } from "../objective/kind.js";
import { createObjective } from "../objective/objective.js";
import { fillFromArchive, readArchive, writeArchive } from "../train/archive.js";
import type { FittedTasks } from "./predict.js";
import { type Constructors, constructorsWith } from "./registry.js";

const format = "kinship model 1";

interface Description {
  readonly format: string;
  readonly dtype: Floating;
  readonly model: {
    readonly input: readonly number[];
    readonly stems?: Named<{
      readonly tasks: readonly string[];
      readonly input: readonly number[];
      readonly layer: Json;
    }>;
    readonly encoder: Json;
    readonly heads: Named<Json>;
    readonly parents: Named<string>;
  };
  readonly tasks: Named<{ readonly kind: Json; readonly weight: number; readonly scaling: Json }>;
}

/**
 * A trained model as one safetensors file: the parameters exactly, and in the metadata a JSON description from which
 * `loadModel` builds the model again. Penalties are not part of it: they only matter in training.
 */
export function saveModel({ objective, parameters, layers, scalings }: FittedTasks): Uint8Array {
  const { tasks, kinds, model, weights } = objective;
  const dtype = leaves("saveModel", parameters)[0]?.dtype ?? "float32";
  const description: Json = {
    format,
    dtype,
    model: model.description,
    tasks: record(tasks, (task, t) => ({
      kind: kinds[task]!.description,
      weight: weights.get(t),
      scaling: scalingToJson(scalings[task]!),
    })),
  };
  return writeArchive({ parameters, layers } as unknown as Structure, description);
}

/**
 * The model that `saveModel` saved, to the bit.
 * @throws InputError for other bytes, and for layers, encoders or kinds of your own whose constructors are not passed.
 */
export function loadModel(bytes: Uint8Array, own: Constructors = {}): FittedTasks {
  const archive = readArchive("loadModel", bytes);
  const description = archive.description as unknown as Partial<Description> | null;
  if (description?.format !== format || !description.model || !description.tasks || !description.dtype)
    throw new InputError(`loadModel: expected a model ("${format}"), found "${description?.format}"`);
  const { model: parts, tasks: specified, dtype } = description;
  const build = constructorsWith(own);
  const { stems = {} } = parts;
  const model = multiTaskModel({
    input: parts.input,
    stems: record(Object.keys(stems), (name) => ({ ...stems[name]!, layer: build.layer(stems[name]!.layer) })),
    encoder: build.encoder(parts.encoder),
    heads: record(Object.keys(parts.heads), (task) => build.layer(parts.heads[task]!)),
    parents: parts.parents,
  });
  const objective = createObjective({
    model,
    tasks: record(model.tasks, (task) => ({
      kind: build.kind(specified[task]!.kind),
      weight: specified[task]!.weight,
    })),
  });
  const { parameters, state } = objective.initialise(randomKey(0), dtype);
  return {
    objective,
    parameters: fillFromArchive("loadModel", archive, "parameters", parameters as unknown as Structure) as never,
    layers: fillFromArchive("loadModel", archive, "layers", state),
    scalings: record(model.tasks, (task) => scalingFromJson(specified[task]!.scaling)),
  };
}

/** A kind's scaling: float64 tensors by name, as nested arrays. */
const scalingToJson = (scaling: Scaling): Json =>
  Object.fromEntries(
    Object.entries(scaling as Named<Structure>).map(([name, value]) => [
      name,
      leaves("saveModel", value)[0]!.toArray() as Json,
    ]),
  );

const scalingFromJson = (json: Json): Scaling =>
  Object.fromEntries(
    Object.entries(json as Named<Nested>).map(([name, value]) => [name, tensor(value, { dtype: "float64" })]),
  );
