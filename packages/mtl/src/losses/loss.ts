/** Options that a loss or a regularizer is made with: plain data, saved with a model. */
export type Parameters = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/**
 * A convex loss ℓ(z, y) of the scores z of one row and its label y, as plain data. Functions of scores read and write
 * `outputs` numbers from index `at` on, so that no row needs an array of its own.
 */
export interface Loss {
  readonly name: string;
  readonly source: string;
  readonly parameters: Parameters;
  /** Scores a row: 1, or one a class. */
  readonly outputs: number;
  /** What labels may be, for messages: "0 or 1". */
  readonly labels: string;
  accepts(label: number): boolean;
  /** What keeps Σ ℓ(b, y) over these labels from having a minimum in b: "no row has label 1". Left out if nothing can. */
  lacks?(labels: ReadonlySet<number>): string | null;
  /** ≥ 0: certificates are shares of it. */
  value(scores: Float64Array, at: number, label: number): number;
  /** Writes ∂ℓ/∂z. */
  gradient(scores: Float64Array, at: number, label: number, out: Float64Array): void;
  /** Writes (∂²ℓ/∂z²) v; `out` is not `v`. */
  curve(scores: Float64Array, at: number, label: number, v: Float64Array, out: Float64Array): void;
  /** The largest eigenvalue that ∂²ℓ/∂z² can have; infinite if there is no bound. */
  readonly curvature: number;
  /** Whether the gradient is linear in z. */
  readonly quadratic: boolean;
  /** ℓ*(u, y) = sup_z ⟨u, z⟩ − ℓ(z, y), for u between 0 and a gradient of ℓ. */
  conjugate(u: Float64Array, at: number, label: number): number;
  /** Turns scores into the expected label, or the probability of each class, in place. */
  link(scores: Float64Array, at: number): void;
}

/** p ln p, 0 at 0 and where rounding has made p negative. */
export const entropy = (p: number): number => (p > 0 ? p * Math.log(p) : 0);
