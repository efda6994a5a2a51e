/** Layers on images as plain loops in float64: [batch, channels, height, width], square images and windows. */

interface Shape {
  readonly batch: number;
  readonly channels: number;
  readonly side: number;
}

interface Filters {
  readonly data: Float64Array;
  readonly out: number;
  readonly size: number;
}

/** Calls `visit` with the places of an output, of an input and of a filter's weight that belong together. */
function eachProduct(
  { batch, channels, side }: Shape,
  { out, size }: Filters,
  visit: (output: number, input: number, weight: number) => void,
): void {
  const reach = side - size + 1;
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < out; o++)
      for (let c = 0; c < channels; c++)
        for (let y = 0; y < size; y++)
          for (let x = 0; x < size; x++) {
            const weight = ((o * channels + c) * size + y) * size + x;
            for (let i = 0; i < reach; i++) {
              const output = ((n * out + o) * reach + i) * reach;
              const input = ((n * channels + c) * side + i + y) * side + x;
              for (let j = 0; j < reach; j++) visit(output + j, input + j, weight);
            }
          }
}

export function convolve(images: Float64Array, shape: Shape, filters: Filters, bias: Float64Array): Float64Array {
  const area = (shape.side - filters.size + 1) ** 2;
  const output = Float64Array.from(
    { length: shape.batch * filters.out * area },
    (_, at) => bias[Math.floor(at / area) % filters.out]!,
  );
  eachProduct(shape, filters, (o, i, w) => {
    output[o]! += images[i]! * filters.data[w]!;
  });
  return output;
}

export function convolveBackward(
  images: Float64Array,
  shape: Shape,
  filters: Filters,
  gradient: Float64Array,
): { x: Float64Array; w: Float64Array; b: Float64Array } {
  const area = (shape.side - filters.size + 1) ** 2;
  const x = new Float64Array(images.length);
  const w = new Float64Array(filters.data.length);
  const b = new Float64Array(filters.out);
  for (const [at, value] of gradient.entries()) b[Math.floor(at / area) % filters.out]! += value;
  eachProduct(shape, filters, (o, i, k) => {
    x[i]! += gradient[o]! * filters.data[k]!;
    w[k]! += gradient[o]! * images[i]!;
  });
  return { x, w, b };
}

/** The largest of each 2 × 2 window, and where it stood. What does not fill a window is left out. */
export function maxPool(images: Float64Array, side: number): { values: Float64Array; places: Int32Array } {
  const half = Math.floor(side / 2);
  const planes = images.length / side ** 2;
  const values = new Float64Array(planes * half * half);
  const places = new Int32Array(values.length);
  for (let plane = 0; plane < planes; plane++)
    for (let i = 0; i < half; i++)
      for (let j = 0; j < half; j++) {
        const first = (plane * side + 2 * i) * side + 2 * j;
        const best = [first, first + 1, first + side, first + side + 1].reduce((a, b) =>
          images[b]! > images[a]! ? b : a,
        );
        const at = (plane * half + i) * half + j;
        values[at] = images[best]!;
        places[at] = best;
      }
  return { values, places };
}

export function maxPoolBackward(places: Int32Array, gradient: Float64Array, length: number): Float64Array {
  const result = new Float64Array(length);
  for (const [at, place] of places.entries()) result[place]! += gradient[at]!;
  return result;
}

/** The mean over rows of −log softmax at the label, and its gradient. */
export function crossEntropy(
  scores: Float64Array,
  labels: ArrayLike<number>,
  classes: number,
): { loss: number; gradient: Float64Array } {
  const rows = scores.length / classes;
  const gradient = new Float64Array(scores.length);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const own = scores.subarray(row * classes, (row + 1) * classes);
    const total = own.reduce((sum, value) => sum + Math.exp(value), 0);
    for (const [k, value] of own.entries()) {
      const label = labels[row * classes + k]!;
      loss -= (label * (value - Math.log(total))) / rows;
      gradient[row * classes + k] = (Math.exp(value) / total - label) / rows;
    }
  }
  return { loss, gradient };
}
