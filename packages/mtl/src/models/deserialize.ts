import { type DescribedTasks, descriptorWidth } from "../data/descriptors.js";
import { type Feature, featureNames } from "../data/features.js";
import type { Interactions } from "../data/interactions.js";
import { columnNames, type Pipeline } from "../data/pipeline.js";
import type { Standardisation } from "../data/standardise.js";
import { InputError } from "../errors.js";
import { type LinearModel, solverNames } from "../linear/model.js";
import { type LossDescription, lossOf } from "../losses/saved.js";
import type { KernelDescription, KinDescriptors, Kinship } from "../relations/kinship.js";
import { Reader } from "./reader.js";
import { format, version } from "./serialize.js";

/**
 * The model that `serialize` wrote, equal to the bit.
 * @throws InputError, naming the place, for a text that is cut short or no such model, another version, missing or
 * unknown keys, and wrong types, ranges or sizes.
 */
export function deserialize(text: string): LinearModel {
  const value = parse(text);
  const document = new Reader(value, "model");
  requireHeader(document, value);
  const model = document.fields([
    "format",
    "version",
    "method",
    "loss",
    "regularizer",
    "features",
    "intercept",
    "lambda",
    "lambdaIntercept",
    "weights",
    "intercepts",
    "parts",
    "objective",
    "certificate",
    "kinship",
    "pipeline",
  ]);
  const features = model.features.list().map((name) => name.text());
  const kinship = readKinship(model.kinship);
  const nodes = kinship.precision.size;
  const pipeline = model.pipeline.orNull(readPipeline);
  if (pipeline !== null && pipeline.names.join("\n") !== features.join("\n")) {
    model.features.fail(`the pipeline's columns, ${JSON.stringify(pipeline.names)}`);
  }
  const certificate = model.certificate.fields(["measure", "residual", "iterations", "converged", "solver", "remedy"]);
  const loss = readDescription(model.loss);
  const { outputs } = lossOf(loss);
  const labels = pipeline?.labels?.length;
  if (labels !== undefined && labels !== Math.max(2, outputs)) {
    model.pipeline.fail(`a pipeline with the ${Math.max(2, outputs)} labels of the ${loss.name} loss`);
  }
  const width = features.length * outputs;
  return {
    method: model.method.oneOf(["k-norm", "single-task", "pooled", "regularized", "learned"]),
    loss,
    regularizer: readDescription(model.regularizer),
    features,
    kinship,
    intercept: model.intercept.oneOf(["coupled", "free", "none"]),
    lambda: model.lambda.nonNegative(),
    lambdaIntercept: model.lambdaIntercept.nonNegative(),
    weights: model.weights.numbers(nodes * width),
    intercepts: model.intercepts.numbers(nodes * outputs),
    parts: model.parts.list().map((part) => part.numbers(kinship.tasks.length * width)),
    objective: model.objective.number(),
    certificate: {
      measure: certificate.measure.oneOf(["backward error", "duality gap", "KKT residual"]),
      residual: certificate.residual.nonNegative(),
      iterations: certificate.iterations.nonNegative(),
      converged: certificate.converged.flag(),
      solver: certificate.solver.oneOf(solverNames),
      remedy: certificate.remedy.orNull((remedy) => remedy.text()),
    },
    pipeline,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`deserialize: this is no JSON, or it is cut short (${(error as Error).message})`);
  }
}

/** Before anything else: a later version may have other keys. */
function requireHeader(document: Reader, value: unknown): void {
  const header = typeof value === "object" && value !== null ? (value as { format?: unknown; version?: unknown }) : {};
  if (!Object.hasOwn(header, "format") || header.format !== format) document.fail(`a "${format}"`);
  if (!Object.hasOwn(header, "version") || header.version !== version) {
    throw new InputError(
      `deserialize: this model has version ${JSON.stringify(header.version)}, and version ${version} is what is read here; fit it again`,
    );
  }
}

function readDescription(reader: Reader): LossDescription {
  const { name, parameters } = reader.fields(["name", "parameters"]);
  return { name: name.text(), parameters: parameters.options() };
}

function readKinship(reader: Reader): Kinship {
  const fields = reader.fields(["kind", "tasks", "latent", "root", "diagonal", "from", "to", "value", "descriptors"]);
  const tasks = fields.tasks.distinctTexts();
  const latent = fields.latent.distinctTexts();
  const names = new Set([...tasks, ...latent]);
  const size = tasks.length + latent.length;
  if (size === 0 || names.size < size) reader.fail("a kinship of nodes with different names");
  const root = fields.root.orNull((name) => name.text());
  if (root !== null && !names.has(root)) fields.root.fail("the name of a node");
  const value = fields.value.numbers();
  const descriptors = fields.descriptors.orNull((inner) => readKinDescriptors(inner, tasks));
  const ends = (end: Reader) => Int32Array.from(end.list(value.length), (item) => item.index(size));
  return {
    kind: fields.kind.text(),
    tasks,
    latent,
    precision: {
      size,
      diagonal: fields.diagonal.numbers(size),
      from: ends(fields.from),
      to: ends(fields.to),
      value,
    },
    root,
    ...(descriptors && { descriptors }),
  };
}

function readKinDescriptors(reader: Reader, trained: readonly string[]): KinDescriptors {
  const fields = reader.fields(["key", "kernel", "own", "features", "tasks", "values"]);
  const described = readDescribed(fields);
  if (trained.some((task) => !described.tasks.includes(task))) fields.tasks.fail("a list that has every task");
  return {
    key: fields.key.text(),
    kernel: readKernel(fields.kernel),
    own: fields.own.positive(),
    ...described,
  };
}

function readKernel(reader: Reader): KernelDescription {
  if (!reader.has("width")) return { name: reader.fields(["name"]).name.oneOf(["linear"]) };
  const { name, width } = reader.fields(["name", "width"]);
  return { name: name.oneOf(["gaussian"]), width: width.positive() };
}

function readDescribed(fields: Record<"features" | "tasks" | "values", Reader>): DescribedTasks {
  const features = fields.features.list().map(readFeature);
  const tasks = fields.tasks.distinctTexts();
  return { features, tasks, values: Array.from(fields.values.numbers(tasks.length * descriptorWidth({ features }))) };
}

function readPipeline(reader: Reader): Pipeline {
  const fields = reader.fields(["task", "target", "labels", "targetMean", "features", "interactions", "names"]);
  const features = fields.features.list().map(readFeature);
  const own = features.flatMap(featureNames).length;
  const interactions = fields.interactions.orNull((inner) => readInteractions(inner, own));
  const names = columnNames(features, interactions);
  if (
    names.join("\n") !==
    fields.names
      .list()
      .map((name) => name.text())
      .join("\n")
  ) {
    fields.names.fail(`what its features say, ${JSON.stringify(names)}`);
  }
  return {
    task: fields.task.text(),
    target: fields.target.text(),
    labels: fields.labels.orNull((labels) => labels.distinctTexts()),
    targetMean: fields.targetMean.number(),
    features,
    interactions,
    names,
  };
}

function readInteractions(reader: Reader, own: number): Interactions {
  const fields = reader.fields(["features", "tasks", "values", "products"]);
  const described = readDescribed(fields);
  const products = fields.products.list(own * descriptorWidth(described)).map(readStandardisation);
  return { ...described, products };
}

function readStandardisation(reader: Reader): Standardisation {
  const { mean, scale } = reader.fields(["mean", "scale"]);
  return { mean: mean.number(), scale: scale.positive() };
}

function readFeature(reader: Reader): Feature {
  return reader.has("missing") ? readNumeric(reader) : readCategorical(reader);
}

function readNumeric(reader: Reader): Feature {
  const fields = reader.fields(["kind", "column", "mean", "scale", "missing"]);
  return {
    kind: fields.kind.oneOf(["numeric"]),
    column: fields.column.text(),
    mean: fields.mean.number(),
    scale: fields.scale.positive(),
    missing: fields.missing.orNull(readStandardisation),
  };
}

function readCategorical(reader: Reader): Feature {
  const fields = reader.fields(["kind", "column", "reference", "levels"]);
  return {
    kind: fields.kind.oneOf(["categorical"]),
    column: fields.column.text(),
    reference: fields.reference.text(),
    levels: fields.levels.list().map((item) => {
      const { level, mean, scale } = item.fields(["level", "mean", "scale"]);
      return { level: level.text(), mean: mean.number(), scale: scale.positive() };
    }),
  };
}
