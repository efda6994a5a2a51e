export function sumOfSquares(v: Float64Array, first = 0, end = v.length): number {
  let total = 0;
  for (let i = first; i < end; i++) total += v[i]! * v[i]!;
  return total;
}

export function largestAbsolute(v: Float64Array): number {
  let most = 0;
  for (let i = 0; i < v.length; i++) most = Math.max(most, Math.abs(v[i]!));
  return most;
}

/** Euclidean norms of the columns of a row-major matrix, safe from overflow only as far as its squares are. */
export function columnNorms(v: Float64Array, columns: number): Float64Array {
  const norms = new Float64Array(columns);
  for (let at = 0; at < v.length; at += columns) {
    for (let j = 0; j < columns; j++) norms[j] = norms[j]! + v[at + j]! * v[at + j]!;
  }
  for (let j = 0; j < columns; j++) norms[j] = Math.sqrt(norms[j]!);
  return norms;
}

export function sumOf(v: Float64Array): number {
  let total = 0;
  for (let i = 0; i < v.length; i++) total += v[i]!;
  return total;
}
