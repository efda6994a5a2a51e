import { InputError } from "../errors.js";
import { labelOf, numberOf, place, show, taskLabels } from "./cells.js";
import { inferSchema } from "./schema.js";
import { robustScaleOf, standardisationOf } from "./standardise.js";
import { type Column, columnNamed, isMissing, type Table } from "./table.js";

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
}

/** x = (value − mean) / scale. */
export interface Standardisation {
  readonly mean: number;
  readonly scale: number;
}

export interface NumericFeature extends Standardisation {
  readonly kind: "numeric";
  readonly column: string;
  /** A second column, 1 where the value was missing; only if a training row missed it. A missing value itself becomes the mean. */
  readonly missing: Standardisation | null;
}

export interface CategoricalFeature {
  readonly kind: "categorical";
  readonly column: string;
  /** The level with no column of its own: the first in order of code units. */
  readonly reference: string;
  /** One column a level, in order. A level never seen in training becomes the training mean of each. */
  readonly levels: readonly (Standardisation & { readonly level: string })[];
}

export type Feature = NumericFeature | CategoricalFeature;

/** Fitted on training rows only; plain data, saved with the model. */
export interface Pipeline {
  readonly task: string;
  readonly target: string;
  /** Subtracted from the target before the fit, added to every prediction. */
  readonly targetMean: number;
  readonly features: readonly Feature[];
  /** One name a column of x: "ses", "ses is missing", "sector = public". */
  readonly names: readonly string[];
}

/** The level of a missing cell, where training rows missed the column. */
const missingLevel = "(missing)";

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
  const targets = readTarget(target, labels, trainRows, "fitPipeline");
  const declared = new Map<string, Feature>();
  for (const name of numeric) {
    declared.set(name, fitNumeric(columnNamed(table, name, "fitPipeline"), labels, trainRows, schema.scaling));
  }
  for (const name of categorical) {
    declared.set(name, fitCategorical(columnNamed(table, name, "fitPipeline"), trainRows));
  }
  const features = table.columns.flatMap(({ name }) => declared.get(name) ?? []);
  if (features.length === 0) {
    throw new InputError(`fitPipeline: no column is left as a feature beside "${schema.task}" and "${schema.target}"`);
  }
  return {
    task: schema.task,
    target: schema.target,
    targetMean: standardisationOf(targets).mean,
    features,
    names: features.flatMap(featureNames),
  };
}

export function allRows(table: Table): Int32Array {
  return Int32Array.from({ length: table.rows }, (_, row) => row);
}

/** The columns of x that a feature fills. */
export function featureNames(feature: Feature): string[] {
  if (feature.kind === "categorical") return feature.levels.map(({ level }) => `${feature.column} = ${level}`);
  return feature.missing === null ? [feature.column] : [feature.column, `${feature.column} is missing`];
}

/** @throws InputError that names the task, the row and the column of a target that is not a finite number. */
export function readTarget(
  column: Column,
  labels: readonly string[],
  rows: ArrayLike<number>,
  caller: string,
): Float64Array {
  return Float64Array.from(rows, (row) => {
    const value = numberOf(column.values[row]);
    if (Number.isNaN(value)) {
      const where = place(column.name, row, labels[row]);
      throw new InputError(`${caller}: the target at ${where} is ${show(column.values[row])}, not a finite number`);
    }
    return value;
  });
}

/** NaN where the cell is missing. */
export function readNumeric(column: Column, row: number, task: string | undefined, caller: string): number {
  const cell = column.values[row];
  if (isMissing(cell)) return Number.NaN;
  const value = numberOf(cell);
  if (Number.isNaN(value)) {
    const where = place(column.name, row, task);
    throw new InputError(`${caller}: ${where} is ${show(cell)}, not a finite number; correct it or leave it empty`);
  }
  return value;
}

function fitNumeric(
  column: Column,
  labels: readonly string[],
  rows: ArrayLike<number>,
  scaling: Schema["scaling"] = "standard",
): NumericFeature {
  const values = Float64Array.from(rows, (row) => readNumeric(column, row, labels[row], "fitPipeline"));
  const present = values.filter((value) => !Number.isNaN(value));
  if (present.length === 0) {
    throw new InputError(`fitPipeline: column "${column.name}" has no value in any training row; ignore it`);
  }
  const known = scaling === "robust" ? robustScaleOf(present) : standardisationOf(present);
  const missing =
    present.length < values.length ? standardisationOf(values.map((value) => (Number.isNaN(value) ? 1 : 0))) : null;
  return { kind: "numeric", column: column.name, ...known, missing };
}

/** Missing cells are a level of their own. */
export function levelOf(column: Column, row: number): string {
  const cell = column.values[row];
  return isMissing(cell) ? missingLevel : labelOf(cell);
}

function fitCategorical(column: Column, rows: ArrayLike<number>): CategoricalFeature {
  const values = Array.from(rows, (row) => levelOf(column, row));
  const [reference, ...others] = [...new Set(values)].sort();
  const levels = others.map((level) => ({
    level,
    ...standardisationOf(values.map((value) => (value === level ? 1 : 0))),
  }));
  return { kind: "categorical", column: column.name, reference: reference!, levels };
}
