import { svd, tensor } from "@kinship/tensor";
import { rankTolerance, symmetricEigen } from "./pseudo-inverse.js";

export interface GradedEigen {
  /** The square roots of the eigenvalues that are not zero. */
  readonly roots: Float64Array;
  /** An eigenvector for each, as long as there are tasks. */
  readonly vectors: readonly Float64Array[];
}

/** Lengths no further apart than this cost a few digits of the smallest eigenvalue, and no more. */
const alike = 100;

/**
 * The eigenvalues of a Gramian D C D of gradients whose lengths D may lie any powers of ten apart, the small ones to as
 * many digits as the large: as singular values of D C^½, by rotations of its rows, whose accuracy depends on the cosines
 * C alone (J. Demmel and K. Veselić, "Jacobi's method is more accurate than QR", 1992). C also tells which are zero.
 */
export function gradedEigen(norms: Float64Array, cosines: Float64Array): GradedEigen {
  const tasks = norms.length;
  if (tasks === 2 && isFullPair(norms, cosines)) {
    const [a, b] = [norms[0]!, norms[1]!];
    const product = cosines[1]! * a * b;
    const { roots, vectors } = ofGramian(Float64Array.of(a * a, product, product, b * b));
    return { roots, vectors: [vectors.filter((_, k) => k % 2 === 0), vectors.filter((_, k) => k % 2 === 1)] };
  }
  // The longest first, as rotations of graded rows want it.
  const rows = [...norms.keys()].filter((i) => norms[i]! > 0).sort((i, j) => norms[j]! - norms[i]!);
  const n = rows.length;
  if (n === 0) return { roots: new Float64Array(), vectors: [] };
  const lengths = Float64Array.from(rows, (i) => norms[i]!);
  const c = square(n, (i, j) => cosines[rows[i]! * tasks + rows[j]!]!);
  const { values, vectors } = symmetricEigen(c);
  const kept = [...values.keys()].filter((k) => values[k]! > rankTolerance(n) * values[n - 1]!);
  const isPlain = kept.length === n && lengths[0]! <= alike * lengths[n - 1]!;
  const found = isPlain
    ? ofGramian(square(n, (i, j) => c[i * n + j]! * lengths[i]! * lengths[j]!))
    : ofRoot(n, kept.length, (i, k) => lengths[i]! * vectors[i * n + kept[k]!]! * Math.sqrt(values[kept[k]!]!));
  const wide = (_: number, k: number) => {
    const full = new Float64Array(tasks);
    for (const [i, row] of rows.entries()) full[row] = found.vectors[i * found.roots.length + k]!;
    return full;
  };
  return { roots: found.roots, vectors: Array.from(found.roots, wide) };
}

/** Two tasks are the most frequent case: one rotation keeps the small one's digits by itself. */
const isFullPair = (norms: Float64Array, cosines: Float64Array): boolean =>
  norms[0]! > 0 && norms[1]! > 0 && 1 - Math.abs(cosines[1]!) > rankTolerance(2) * (1 + Math.abs(cosines[1]!));

const square = (n: number, entry: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, at) => entry(Math.floor(at / n), at % n));

function ofGramian(g: Float64Array) {
  const { values, vectors } = symmetricEigen(g);
  return { roots: values.map(Math.sqrt), vectors };
}

function ofRoot(n: number, rank: number, entry: (i: number, k: number) => number) {
  const root = Float64Array.from({ length: n * rank }, (_, at) => entry(Math.floor(at / rank), at % rank));
  const { u, s } = svd(tensor(root, { shape: [n, rank] }));
  return { roots: Float64Array.from(s.toTypedArray()), vectors: u.toTypedArray() as Float64Array };
}
