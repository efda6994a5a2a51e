/**
 * F(W) = min_b Σ_t Σ_i weights ℓ(X_t w_t + b_t, y): convex, differentiable; intercepts that no penalty couples are
 * minimised over, so that solvers see weights only. W is [tasks, outputs · features], row-major.
 */
export interface DataTerm {
  readonly size: number;
  /** Whether ∇F is linear. */
  readonly quadratic: boolean;
  /** Writes ∇F(W), returns F(W). */
  evaluate(w: Float64Array, gradient: Float64Array): number;
  /** The dual objective, but for the penalty's conjugate, at `scale` times the dual point of the last evaluation. */
  dual(scale: number): number;
  /** Moves the intercepts to their best at W. */
  settle(w: Float64Array): void;
  /** b at the last evaluation, or where they were settled since, [tasks, outputs]. */
  readonly intercepts: Float64Array;
  /** Writes ∇²F v at the last evaluation, intercepts held: an upper bound of F's own curvature. */
  curve(v: Float64Array, out: Float64Array): void;
  /** Writes the diagonal of that Hessian. */
  diagonal(out: Float64Array): void;
}

/** The largest curvature at the last evaluation, by power iteration: from below, to about a percent. */
export function largestCurvature(term: DataTerm): number {
  let v: Float64Array<ArrayBufferLike> = Float64Array.from(
    { length: term.size },
    (_, i) => 1 + ((i * 7919) % 101) / 101,
  );
  let image: Float64Array<ArrayBufferLike> = new Float64Array(term.size);
  let largest = 0;
  for (let round = 0; round < 12; round++) {
    let squares = 0;
    for (let i = 0; i < v.length; i++) squares += v[i]! * v[i]!;
    if (!(squares > 0)) return largest;
    const norm = Math.sqrt(squares);
    for (let i = 0; i < v.length; i++) v[i] = v[i]! / norm;
    term.curve(v, image);
    let product = 0;
    for (let i = 0; i < v.length; i++) product += v[i]! * image[i]!;
    largest = Math.max(largest, product);
    [v, image] = [image, v];
  }
  return largest;
}
