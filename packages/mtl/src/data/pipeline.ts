import { InputError } from "../errors.js";
import { labelOf, numberOf, place, show, taskLabels } from "./cells.js";
import { type Feature, featureNames, fitFeatures } from "./features.js";
import { fitInteractions, type Interactions } from "./interactions.js";
import { inferSchema } from "./schema.js";
import { standardisationOf } from "./standardise.js";
import { allRows, type Column, columnNamed, type Table } from "./table.js";

/** What the columns of a table mean. Columns named nowhere are features, numeric if all their values are numbers. */
export interface Schema {
  readonly task: string;
  readonly target: string;
  /** These are read as numbers; a value that is none is an error. */
  readonly numeric?: readonly string[];
  /** These are read as categories even where they look like numbers. */
  readonly categorical?: readonly string[];
  readonly ignore?: readonly string[];
  /** How numeric columns are scaled: by mean and standard deviation, unless given, or by median and quartiles. */
  readonly scaling?: "standard" | "robust";
  /** For classification, what the target may be: a cell that names label k becomes k. Numbers unless given. */
  readonly labels?: readonly string[];
  /** Whether the mean of the target is taken off before the fit; true unless given, or labels are. */
  readonly centred?: boolean;
  /** What describes the tasks: become features, and so does each product of one with a column of x. */
  readonly descriptors?: Descriptors;
}

/** A table with one row a task, its key in a column named as `Schema.task`. */
export interface Descriptors {
  readonly table: Table;
  /** Its columns that count; all but the key unless given. */
  readonly columns?: readonly string[];
}

/** Fitted on training rows only; plain data, saved with the model. */
export interface Pipeline {
  readonly task: string;
  readonly target: string;
  /** The labels 0, 1, …, where the target is one of these; null where it is a number. */
  readonly labels: readonly string[] | null;
  /** Subtracted from the target before the fit, added to every prediction. */
  readonly targetMean: number;
  readonly features: readonly Feature[];
  readonly interactions: Interactions | null;
  /** One name a column of x: "ses", "ses is missing", "sector = public", "ses × size". */
  readonly names: readonly string[];
}

/**
 * Learns from the training rows how cells become numbers: means, scales, levels.
 * @throws InputError for what `inferSchema` refuses, a target that is not a finite number, a numeric feature with a
 * value that is none, and a feature without a value in any training row.
 */
export function fitPipeline(table: Table, schema: Schema, trainRows: ArrayLike<number> = allRows(table)): Pipeline {
  const { numeric, categorical } = inferSchema(table, schema);
  if (trainRows.length === 0) throw new InputError("fitPipeline: there is no training row");
  const labels = taskLabels(columnNamed(table, schema.task, "fitPipeline"), "fitPipeline");
  const target = columnNamed(table, schema.target, "fitPipeline");
  const targets = readTarget(target, labels, trainRows, schema.labels ?? null, "fitPipeline");
  const features = fitFeatures(table, { numeric, categorical }, labels, trainRows, schema.scaling);
  if (features.length === 0) {
    throw new InputError(`fitPipeline: no column is left as a feature beside "${schema.task}" and "${schema.target}"`);
  }
  const { centred = schema.labels === undefined } = schema;
  const interactions = schema.descriptors === undefined ? null : fitInteractions(schema, features, table, trainRows);
  return {
    task: schema.task,
    target: schema.target,
    labels: schema.labels ?? null,
    targetMean: centred ? standardisationOf(targets).mean : 0,
    features,
    interactions,
    names: columnNames(features, interactions),
  };
}

/** The columns of x: those of the features, of the descriptors, and of the product of each with each. */
export function columnNames(features: readonly Feature[], interactions: Interactions | null): string[] {
  const own = features.flatMap(featureNames);
  const described = interactions?.features.flatMap(featureNames) ?? [];
  return [...own, ...described, ...own.flatMap((name) => described.map((other) => `${name} × ${other}`))];
}

/** @throws InputError that names the task, the row and the column of a target that is no finite number, or no label. */
export function readTarget(
  column: Column,
  tasks: readonly string[],
  rows: ArrayLike<number>,
  labels: readonly string[] | null,
  caller: string,
): Float64Array {
  const places = new Map(labels?.map((label, place) => [label, place]));
  return Float64Array.from(rows, (row) => {
    if (labels !== null) {
      const found = places.get(labelOf(column.values[row]));
      if (found !== undefined) return found;
      const where = place(column.name, row, tasks[row]);
      throw new InputError(
        `${caller}: the target at ${where} is ${show(column.values[row])}, none of the labels ${labels.join(", ")}`,
      );
    }
    const value = numberOf(column.values[row]);
    if (Number.isNaN(value)) {
      const where = place(column.name, row, tasks[row]);
      throw new InputError(`${caller}: the target at ${where} is ${show(column.values[row])}, not a finite number`);
    }
    return value;
  });
}
