import type { MatrixLike } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { covarianceKinship, renamed, rowsOf } from "./covariance.js";
import type { KinshipBuilder } from "./kinship.js";
import { requireNonNegative } from "./kinship.js";
import { matrixKinship } from "./matrix.js";
import { defaultShrinkage } from "./mean.js";
import { symmetricOf } from "./symmetric.js";

export interface SimilarityOptions {
  /**
   * "laplacian" takes entries for weights of a graph: Σ_{i<j} S_ij ‖w_i − w_j‖², negative entries draw w_i to −w_j.
   * "inverse" takes S for a covariance: K = (S + ridge I)⁻¹.
   */
  readonly through?: "laplacian" | "inverse";
  /** Added to the diagonal, ≥ 0. */
  readonly ridge?: number;
}

/**
 * Tasks as kin as a table of similarities says, [T, T]; the diagonal matters to the inverse only. Through the signed
 * Laplacian (Kunegis et al., Spectral analysis of signed graphs, 2010, section 3: Σ |S_ij| ‖w_i − sign(S_ij) w_j‖²),
 * which is positive semi-definite for any S, unless `through` says otherwise.
 * @throws InputError for what is not square, finite and symmetric; through the inverse, for S + ridge I that is not
 * positive definite.
 */
export function similarityKinship(
  similarity: MatrixLike,
  { through = "laplacian", ridge = defaultShrinkage }: SimilarityOptions = {},
): KinshipBuilder {
  requireNonNegative(ridge, "similarityKinship: ridge");
  const { data, size } = symmetricOf(similarity, "similarityKinship: the similarity");
  if (through === "inverse") {
    for (let i = 0; i < size; i++) data[i * size + i] = data[i * size + i]! + ridge;
    return renamed(covarianceKinship(rowsOf(data, size)), "similarity");
  }
  const laplacian = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    let degree = ridge;
    for (let j = 0; j < size; j++) {
      if (i === j) continue;
      laplacian[i * size + j] = -data[i * size + j]!;
      degree += Math.abs(data[i * size + j]!);
    }
    laplacian[i * size + i] = degree;
  }
  return renamed(matrixKinship(rowsOf(laplacian, size)), "similarity");
}

/** As `similarityKinship`, for correlations: entries in [−1, 1] with ones on the diagonal. */
export function correlationKinship(correlation: MatrixLike, options: SimilarityOptions = {}): KinshipBuilder {
  const { data, size } = symmetricOf(correlation, "correlationKinship: the correlation");
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const value = data[i * size + j]!;
      if (i === j ? Math.abs(value - 1) < 1e-6 : Math.abs(value) <= 1 + 1e-6) continue;
      throw new InputError(
        `correlationKinship: entry [${i}, ${j}] is ${value}; correlations lie in [−1, 1], with ones on the diagonal`,
      );
    }
  }
  return renamed(similarityKinship(rowsOf(data, size), options), "correlation");
}
