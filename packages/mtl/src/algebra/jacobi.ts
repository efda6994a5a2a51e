/**
 * Cyclic Jacobi rotations that make a symmetric n × n matrix diagonal, applied to the rows of `q` too (Golub & Van Loan,
 * Matrix Computations, 8.5). Entries below `share` of the largest on the diagonal are left: 0 keeps what small values
 * there are in scale with themselves.
 */
export function diagonaliseByRotations(b: Float64Array, q: Float64Array, n: number, share: number): void {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, b[i * n + i]!);
  const negligible = Number.EPSILON * largest;
  const least = share * largest;
  for (let sweep = 0; sweep < 30; sweep++) {
    let rotated = false;
    for (let i = 0; i < n; i++) {
      for (let k = i + 1; k < n; k++) {
        const product = b[i * n + k]!;
        if (Math.abs(product) <= least) continue;
        const scale = Math.sqrt(Math.abs(b[i * n + i]! * b[k * n + k]!));
        if (Math.abs(product) <= Number.EPSILON * scale || Math.abs(product) <= 0.1 * negligible * Number.EPSILON)
          continue;
        if (sweep > 3 && Math.abs(product) <= negligible) continue;
        rotated = true;
        const zeta = (b[k * n + k]! - b[i * n + i]!) / (2 * product);
        const tangent = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        const sine = cosine * tangent;
        rotateBoth(b, n, i, k, cosine, sine, tangent * product);
        rotatePair(q, i * n, k * n, n, cosine, sine);
      }
    }
    if (!rotated) return;
  }
}

function rotatePair(a: Float64Array, p: number, q: number, n: number, cosine: number, sine: number): void {
  for (let j = 0; j < n; j++) {
    const left = a[p + j]!;
    const right = a[q + j]!;
    a[p + j] = cosine * left - sine * right;
    a[q + j] = sine * left + cosine * right;
  }
}

/** Rows and columns i and k of a symmetric matrix, both triangles kept. */
function rotateBoth(
  b: Float64Array,
  n: number,
  i: number,
  k: number,
  cosine: number,
  sine: number,
  shift: number,
): void {
  const [first, second] = [b[i * n + i]! - shift, b[k * n + k]! + shift];
  rotatePair(b, i * n, k * n, n, cosine, sine);
  for (let j = 0; j < n; j++) {
    b[j * n + i] = b[i * n + j]!;
    b[j * n + k] = b[k * n + j]!;
  }
  b[i * n + i] = first;
  b[k * n + k] = second;
  b[i * n + k] = 0;
  b[k * n + i] = 0;
}
