import { choleskyInPlace, invertCholesky } from "../algebra/cholesky.js";
import { smallestEigenvalue } from "../algebra/eigenvalues.js";
import type { MatrixLike } from "../data/tasks.js";
import { InputError } from "../errors.js";
import type { KinshipBuilder } from "./kinship.js";
import { matrixKinship } from "./matrix.js";
import { symmetricOf } from "./symmetric.js";

/**
 * K = Σ⁻¹ for a covariance Σ of the tasks' weights, [T, T] in the order of the tasks: the penalty is then −2 log of a
 * Gaussian prior of the weights (Bonilla, Chai & Williams, Multi-task Gaussian process prediction, 2008, section 2).
 * @throws InputError for what is not square, finite and symmetric, and for a Σ that is not positive definite.
 */
export function covarianceKinship(covariance: MatrixLike): KinshipBuilder {
  const { data, size } = symmetricOf(covariance, "covarianceKinship: the covariance");
  return renamed(matrixKinship(rowsOf(invertDefinite(data, size, "covarianceKinship"), size)), "covariance");
}

/** The inverse of a symmetric positive definite matrix, row-major. */
export function invertDefinite(matrix: Float64Array, size: number, caller: string): Float64Array {
  const inverse = matrix.slice();
  if (choleskyInPlace(inverse, size) >= 0) {
    throw new InputError(
      `${caller}: the matrix is not positive definite, its smallest eigenvalue is ` +
        `${smallestEigenvalue(matrix, size).toPrecision(6)}; add a positive number to its diagonal`,
    );
  }
  invertCholesky(inverse, size, new Float64Array(size * size));
  return inverse;
}

export const rowsOf = (data: Float64Array, size: number): Float64Array[] =>
  Array.from({ length: size }, (_, i) => data.subarray(i * size, (i + 1) * size));

export const renamed =
  (builder: KinshipBuilder, kind: string): KinshipBuilder =>
  (tasks) => ({ ...builder(tasks), kind });
