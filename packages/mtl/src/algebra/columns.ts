/** A copy of column j of a row-major matrix. */
export function columnOf(matrix: Float64Array, width: number, j: number): Float64Array {
  const column = new Float64Array(matrix.length / width);
  for (let i = 0; i < column.length; i++) column[i] = matrix[i * width + j]!;
  return column;
}

export function setColumn(matrix: Float64Array, width: number, j: number, column: Float64Array): void {
  for (let i = 0; i < column.length; i++) matrix[i * width + j] = column[i]!;
}
