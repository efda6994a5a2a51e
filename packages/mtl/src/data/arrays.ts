import { InputError } from "../errors.js";
import type { MatrixLike, StridedArray, VectorLike } from "./tasks.js";

function isStrided(value: object): value is StridedArray {
  return "shape" in value && "stride" in value && "data" in value;
}

/** [rows, columns]. `what` names the matrix in errors. */
export function matrixShape(matrix: MatrixLike, what: string): { rows: number; columns: number } {
  if (!isStrided(matrix)) return { rows: matrix.length, columns: matrix[0]?.length ?? 0 };
  const { shape } = matrix;
  if (shape.length !== 2) throw new InputError(`${what} must be a matrix, its shape is [${Array.from(shape)}]`);
  return { rows: shape[0]!, columns: shape[1]! };
}

/** Copies a matrix, row-major, into `out` from `at` on. */
export function copyMatrix(matrix: MatrixLike, what: string, out: Float64Array, at: number): void {
  const { rows, columns } = matrixShape(matrix, what);
  if (isStrided(matrix)) {
    const { data, stride, offset } = matrix;
    if (data instanceof Float64Array && stride[1] === 1 && stride[0] === columns) {
      out.set(data.subarray(offset, offset + rows * columns), at);
      return;
    }
    for (let i = 0; i < rows; i++) {
      const start = offset + i * stride[0]!;
      for (let j = 0; j < columns; j++) out[at + i * columns + j] = data[start + j * stride[1]!]!;
    }
    return;
  }
  for (const [i, row] of matrix.entries()) {
    if (row.length !== columns) {
      throw new InputError(`${what} has ragged rows: row 1 has ${columns} columns, row ${i + 1} has ${row.length}`);
    }
    for (let j = 0; j < columns; j++) {
      const value = row[j];
      out[at + i * columns + j] = typeof value === "number" ? value : refuse(value, what, i, j);
    }
  }
}

/** A row-major copy in float64. `what` names the matrix in errors. */
export function matrixOf(matrix: MatrixLike, what: string): { data: Float64Array; rows: number; columns: number } {
  const { rows, columns } = matrixShape(matrix, what);
  const data = new Float64Array(rows * columns);
  copyMatrix(matrix, what, data, 0);
  return { data, rows, columns };
}

/** A copy in float64. */
export function vectorOf(vector: VectorLike, what: string): Float64Array {
  if (isStrided(vector)) {
    const { data, shape, stride, offset } = vector;
    if (shape.length !== 1) throw new InputError(`${what} must be a vector, its shape is [${Array.from(shape)}]`);
    return Float64Array.from({ length: shape[0]! }, (_, i) => data[offset + i * stride[0]!]!);
  }
  if (ArrayBuffer.isView(vector)) return new Float64Array(vector);
  const out = new Float64Array(vector.length);
  for (let i = 0; i < out.length; i++) {
    const value = vector[i];
    out[i] = typeof value === "number" ? value : refuse(value, what, i);
  }
  return out;
}

/** Typed arrays would turn a text or null into a number without a word. */
function refuse(value: unknown, what: string, row: number, column?: number): never {
  const place = column === undefined ? "" : `, column ${column + 1}`;
  throw new InputError(`${what}, row ${row + 1}${place} is ${JSON.stringify(value)}, not a number`);
}
