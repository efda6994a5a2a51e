/** Entries this close to the largest count as equally large, so that rounding does not choose the sign. */
const tie = 1 - 1e-9;

/** Of ±v the one whose largest entry is positive (of several the first). Returns the sign that was applied. */
export function orient(vector: Float64Array): 1 | -1 {
  let largest = 0;
  for (const entry of vector) largest = Math.max(largest, Math.abs(entry));
  const leading = vector.find((entry) => Math.abs(entry) >= tie * largest) ?? 0;
  if (leading >= 0) return 1;
  for (let k = 0; k < vector.length; k++) vector[k] = -vector[k];
  return -1;
}
