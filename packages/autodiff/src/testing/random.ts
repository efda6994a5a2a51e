/** Uniform numbers from −1 to 1 with a seed of their own: a failure is found again with the same seed. */
export function directions(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // A Weyl sequence through a mixing function (Steele, Lea & Flood 2014, in 32 bits).
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 31 - 1;
  };
}
