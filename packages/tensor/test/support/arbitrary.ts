import fc from "fast-check";
import { type DType, slice, type Tensor, tensor, transpose } from "../../src/index.js";

/** Numbers on a grid of 1/256: differences and sums of a few are exact, and no two are close without being equal. */
export const dyadic: fc.Arbitrary<number> = fc.integer({ min: -1024, max: 1024 }).map((k) => k / 256);

export const special: fc.Arbitrary<number> = fc.oneof(
  dyadic,
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-300, 1e300),
);

/** Shapes with empty and size-1 axes among them. */
export const shapes = (minimum = 0, maximum = 4): fc.Arbitrary<number[]> =>
  fc.array(
    fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 8, arbitrary: fc.integer({ min: 1, max: 4 }) }),
    {
      minLength: minimum,
      maxLength: maximum,
    },
  );

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export const values = (size: number, of: fc.Arbitrary<number> = dyadic): fc.Arbitrary<number[]> =>
  fc.array(of, { minLength: size, maxLength: size });

export function filled(shape: readonly number[], entries: readonly number[], dtype: DType = "float64"): Tensor {
  return tensor(Float64Array.from(entries), { shape, dtype });
}

/** The same values in memory with gaps, an offset and negative steps. */
export function scattered(x: Tensor): Tensor {
  if (x.dimension === 0) return slice(tensor(Float64Array.of(7, x.item()), { dtype: x.dtype }), [1]);
  const reversed = [...x.shape].reverse();
  const wide = reversed.map((size) => 2 * size + 1);
  const home = tensor(new Float64Array(sizeOf(wide)).fill(77), { shape: wide, dtype: x.dtype });
  const view = transpose(
    slice(
      home,
      reversed.map((size, axis) => (axis % 2 === 0 ? [2 * size - 1, size === 0 ? 0 : null, -2] : [1, null, 2])),
    ),
  );
  const from = x.toTypedArray();
  let n = 0;
  const visit = (index: number[]): void => {
    if (index.length === x.dimension) view.set(...index, from[n++]);
    else for (let k = 0; k < x.shape[index.length]; k++) visit([...index, k]);
  };
  visit([]);
  return view;
}

/** A tensor with any layout, and what it holds in row-major order. */
export const tensors = (
  minimum = 0,
  maximum = 4,
  of: fc.Arbitrary<number> = dyadic,
  dtype: DType = "float64",
): fc.Arbitrary<Tensor> =>
  shapes(minimum, maximum).chain((shape) =>
    fc
      .tuple(values(sizeOf(shape), of), fc.boolean())
      .map(([entries, strided]) =>
        strided ? scattered(filled(shape, entries, dtype)) : filled(shape, entries, dtype),
      ),
  );

/** Every index of a shape, in row-major order. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const size = sizeOf(shape);
  for (let n = 0; n < size; n++) {
    const index: number[] = [];
    let rest = n;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    yield index;
  }
}

/** A tensor of this shape by a function of the index: how the oracles say what they expect. */
export const build = (shape: readonly number[], entry: (index: number[]) => number, dtype: DType = "float64"): Tensor =>
  filled(shape, Array.from(indices(shape), entry), dtype);
