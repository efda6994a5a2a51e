import { InputError } from "../errors.js";
import type { MatrixLike, StridedArray, VectorLike } from "./tasks.js";

function isStrided(value: object): value is StridedArray {
  return "shape" in value && "stride" in value && "data" in value;
}

/** A row-major copy in float64. `what` names the matrix in errors. */
export function matrixOf(matrix: MatrixLike, what: string): { data: Float64Array; rows: number; columns: number } {
  if (isStrided(matrix)) {
    const { data, shape, stride, offset } = matrix;
    if (shape.length !== 2) throw new InputError(`${what} must be a matrix, its shape is [${Array.from(shape)}]`);
    const [rows, columns] = [shape[0]!, shape[1]!];
    const copy = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      const start = offset + i * stride[0]!;
      for (let j = 0; j < columns; j++) copy[i * columns + j] = data[start + j * stride[1]!]!;
    }
    return { data: copy, rows, columns };
  }
  const rows = matrix.length;
  const columns = matrix[0]?.length ?? 0;
  const copy = new Float64Array(rows * columns);
  for (const [i, row] of matrix.entries()) {
    if (row.length !== columns) {
      throw new InputError(`${what} has ragged rows: row 1 has ${columns} columns, row ${i + 1} has ${row.length}`);
    }
    for (let j = 0; j < columns; j++)
      copy[i * columns + j] = numberIn(row[j], `${what}, row ${i + 1}, column ${j + 1}`);
  }
  return { data: copy, rows, columns };
}

/** A copy in float64. */
export function vectorOf(vector: VectorLike, what: string): Float64Array {
  if (isStrided(vector)) {
    const { data, shape, stride, offset } = vector;
    if (shape.length !== 1) throw new InputError(`${what} must be a vector, its shape is [${Array.from(shape)}]`);
    return Float64Array.from({ length: shape[0]! }, (_, i) => data[offset + i * stride[0]!]!);
  }
  return Float64Array.from(vector, (value, i) => numberIn(value, `${what}, row ${i + 1}`));
}

/** Typed arrays would turn a text or null into a number without a word. */
function numberIn(value: unknown, where: string): number {
  if (typeof value !== "number") throw new InputError(`${where} is ${JSON.stringify(value)}, not a number`);
  return value;
}
