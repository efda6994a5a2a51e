import { InputError } from "../errors.js";
import { labelOf, numberOf, place, show } from "./cells.js";
import type { Schema } from "./pipeline.js";
import type { FeatureColumns } from "./schema.js";
import { robustScaleOf, type Standardisation, standardisationOf } from "./standardise.js";
import { type Column, isMissing, type Table } from "./table.js";

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

/** The level of a missing cell, where training rows missed the column. */
const missingLevel = "(missing)";

/** The columns of x that a feature fills. */
export function featureNames(feature: Feature): string[] {
  if (feature.kind === "categorical") return feature.levels.map(({ level }) => `${feature.column} = ${level}`);
  return feature.missing === null ? [feature.column] : [feature.column, `${feature.column} is missing`];
}

/** Features in the order of the table's columns. */
export function fitFeatures(
  table: Table,
  { numeric, categorical }: FeatureColumns,
  labels: readonly string[],
  rows: ArrayLike<number>,
  scaling?: Schema["scaling"],
): Feature[] {
  return table.columns.flatMap((column): Feature[] => {
    if (numeric.includes(column.name)) return [fitNumeric(column, labels, rows, scaling)];
    return categorical.includes(column.name) ? [fitCategorical(column, rows)] : [];
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
