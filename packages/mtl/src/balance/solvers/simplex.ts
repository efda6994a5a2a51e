/**
 * The nearest point of the simplex {x ≥ 0, Σ x = 1}, by sorting (Held, Wolfe and Crowder, Mathematical Programming 6,
 * 1974; Duchi et al., ICML 2008, figure 1).
 */
export function projectOntoSimplex(x: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(x).sort().reverse();
  // A number added to all changes nothing: with the largest at 0 no digits of the differences are lost.
  const largest = sorted[0]!;
  let total = 0;
  let shift = 0;
  for (let k = 0; k < sorted.length; k++) {
    const value = sorted[k]! - largest;
    total += value;
    const candidate = (total - 1) / (k + 1);
    if (value > candidate) shift = candidate;
  }
  return Float64Array.from(x, (value) => Math.max(value - largest - shift, 0));
}
