/** Numbers with a shape, row-major: how inputs reach every peer, whatever its own arrays look like. */
export interface Values {
  readonly data: Float32Array | Float64Array | Int32Array;
  readonly shape: readonly number[];
}

export type Inputs = Readonly<Record<string, Values>>;

/** What a peer answers, flat and row-major; compared with the reference position by position. */
export type Outputs = readonly ArrayLike<number>[];

export type Parameters = Readonly<Record<string, number | string | boolean>>;

/** mulberry32, a 32-bit generator of public domain: every process draws the same numbers from the same seed. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Values in (−scale, scale) on a grid of 2¹² steps, so that float32 and float64 peers are given exactly the same numbers.
 */
export function uniform(
  shape: readonly number[],
  seed: number,
  scale = 1,
  dtype: "float32" | "float64" = "float32",
): Values {
  const random = randomSource(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  const data = dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < size; i++) data[i] = ((Math.floor(random() * 8191) - 4095) / 4096) * scale;
  return { data, shape };
}
