import type { Kinship } from "./kinship.js";

/** K over the tasks, [T, T] row-major, the latent nodes eliminated one by one. */
export function kinshipMatrix({ tasks, precision }: Kinship): Float64Array {
  const { size, diagonal, from, to, value } = precision;
  const full = new Float64Array(size * size);
  for (let i = 0; i < size; i++) full[i * size + i] = diagonal[i]!;
  for (let edge = 0; edge < value.length; edge++) {
    const [i, j] = [from[edge]!, to[edge]!];
    full[i * size + j]! += value[edge]!;
    full[j * size + i]! += value[edge]!;
  }
  const count = tasks.length;
  for (let node = size - 1; node >= count; node--) {
    const pivot = full[node * size + node]!;
    for (let i = 0; i < node; i++) {
      const factor = full[i * size + node]! / pivot;
      if (factor === 0) continue;
      for (let j = 0; j < node; j++) full[i * size + j]! -= factor * full[node * size + j]!;
    }
  }
  const matrix = new Float64Array(count * count);
  for (let i = 0; i < count; i++) matrix.set(full.subarray(i * size, i * size + count), i * count);
  return matrix;
}
