import {
  type CategoricalFeature,
  type Feature,
  featureNames,
  levelOf,
  type NumericFeature,
  readNumeric,
} from "./features.js";
import { type Column, columnNamed, type Table } from "./table.js";

/** The columns of fitted features for rows of a table, [rows, columns], row-major. */
export function featureMatrix(
  features: readonly Feature[],
  table: Table,
  labels: readonly string[],
  rows: ArrayLike<number>,
): Float64Array {
  const width = features.flatMap(featureNames).length;
  const x = new Float64Array(rows.length * width);
  let first = 0;
  for (const feature of features) {
    const column = columnNamed(table, feature.column, "applyPipeline");
    if (feature.kind === "numeric") first += writeNumeric(feature, column, labels, rows, x, width, first);
    else first += writeCategorical(feature, column, rows, x, width, first);
  }
  return x;
}

/** The writers return how many columns of x they filled. */
function writeNumeric(
  feature: NumericFeature,
  column: Column,
  labels: readonly string[],
  rows: ArrayLike<number>,
  x: Float64Array,
  width: number,
  first: number,
): number {
  const { mean, scale, missing } = feature;
  for (let i = 0; i < rows.length; i++) {
    const value = readNumeric(column, rows[i]!, labels[rows[i]!], "applyPipeline");
    const known = !Number.isNaN(value);
    x[i * width + first] = known ? (value - mean) / scale : 0;
    if (missing !== null) x[i * width + first + 1] = ((known ? 0 : 1) - missing.mean) / missing.scale;
  }
  return missing === null ? 1 : 2;
}

function writeCategorical(
  feature: CategoricalFeature,
  column: Column,
  rows: ArrayLike<number>,
  x: Float64Array,
  width: number,
  first: number,
): number {
  const known = new Set([feature.reference, ...feature.levels.map(({ level }) => level)]);
  for (let i = 0; i < rows.length; i++) {
    const value = levelOf(column, rows[i]!);
    if (!known.has(value)) continue;
    for (const [k, { level, mean, scale }] of feature.levels.entries()) {
      x[i * width + first + k] = ((value === level ? 1 : 0) - mean) / scale;
    }
  }
  return feature.levels.length;
}
