import { choleskyInPlace } from "../algebra/cholesky.js";
import { smallestEigenvalue } from "../algebra/eigenvalues.js";
import type { MatrixLike } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { type Edge, type KinshipBuilder, precisionGraph, requireDistinct } from "./kinship.js";
import { rounding, symmetricOf } from "./symmetric.js";

/**
 * A kinship matrix as it is: [T, T], symmetric, positive semi-definite, in the order of the tasks.
 * A positive entry pushes two tasks apart, so a similarity is not a K.
 * @throws InputError if it is not square, not finite, not symmetric, or indefinite (with the smallest eigenvalue);
 * and, when tasks are there, if it has the wrong size.
 */
export function matrixKinship(matrix: MatrixLike): KinshipBuilder {
  const { data, size, largest } = symmetricOf(matrix, "matrixKinship: K");
  requireSemidefinite(data, size, largest);
  return (tasks) => {
    requireDistinct(tasks, "matrixKinship");
    if (tasks.length !== size) {
      throw new InputError(
        `matrixKinship: K is ${size} × ${size}, and there are ${tasks.length} tasks; give one row a task, in their order`,
      );
    }
    const diagonal = Float64Array.from({ length: size }, (_, i) => data[i * size + i]!);
    const edges: Edge[] = [];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) if (data[i * size + j] !== 0) edges.push([i, j, data[i * size + j]!]);
    }
    return { kind: "matrix", tasks, latent: [], precision: precisionGraph(diagonal, edges), root: null };
  };
}

function requireSemidefinite(data: Float64Array, size: number, largest: number): void {
  const shifted = data.slice();
  for (let i = 0; i < size; i++) shifted[i * size + i]! += rounding * size * largest;
  if (largest === 0 || choleskyInPlace(shifted, size) < 0) return;
  const smallest = smallestEigenvalue(data, size);
  throw new InputError(
    `matrixKinship: K is indefinite, its smallest eigenvalue is ${smallest.toPrecision(6)}; ` +
      `add at least ${Math.abs(smallest).toPrecision(3)} to its diagonal, or, if it is a similarity, ` +
      `use similarityKinship`,
  );
}
