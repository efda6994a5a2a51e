import { type DType, type Tensor, tensor } from "@kinship/tensor";
import fc, { type Arbitrary } from "fast-check";
import { type Layout, relaid } from "../layouts.js";

export interface TensorOptions {
  /** Default: float64, which differences need. */
  readonly dtype?: DType;
  /** Default: −4 to 4. */
  readonly from?: number;
  readonly to?: number;
}

type Shape = readonly number[] | Arbitrary<readonly number[]>;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const withShape = <T>(shape: Shape, of: (shape: readonly number[]) => Arbitrary<T>): Arbitrary<T> =>
  "generate" in shape ? shape.chain(of) : of(shape);

/** Fractions of 2⁻⁸: sums of them are exact, and they shrink to 0 and to whole numbers. */
const grid = 256;

/** `count` numbers on a dyadic grid: `fc.float` draws bit patterns, four fifths of which are next to 0. */
export const gridNumbers = (count: number, from: number, to: number): Arbitrary<number[]> => {
  const [min, max] = [Math.ceil(from * grid), Math.floor(to * grid)];
  if (min > max) throw new RangeError(`tensors: no multiple of 1/${grid} lies from ${from} to ${to}`);
  return fc.array(
    fc.integer({ min, max }).map((k) => k / grid),
    { minLength: count, maxLength: count },
  );
};

/** Tensors of a shape, or of shapes drawn. @example tensors([2, 3])   tensors(shapes(), { from: 0, to: 1 }) */
export const tensors = (
  shape: Shape,
  { dtype = "float64", from = -4, to = 4 }: TensorOptions = {},
): Arbitrary<Tensor> =>
  withShape(shape, (own) => gridNumbers(sizeOf(own), from, to).map((values) => tensor(values, { shape: own, dtype })));

const layouts = (): Arbitrary<Layout> => {
  const perAxis = <T>(entry: Arbitrary<T>): Arbitrary<T[]> => fc.array(entry, { minLength: 6, maxLength: 6 });
  return fc.record({
    order: perAxis(fc.nat({ max: 3 })),
    reverse: perAxis(fc.boolean()),
    step: perAxis(fc.integer({ min: 1, max: 3 })),
    offset: fc.nat({ max: 4 }),
  });
};

/**
 * The same tensors as views: axes in any order in memory, negative steps, gaps, offsets. Whatever they skip is not a
 * number, so that a wrong read shows.
 */
export const views = (of: Arbitrary<Tensor>): Arbitrary<Tensor> =>
  fc.tuple(of, layouts()).map(([x, layout]) => relaid(x, layout));

export interface KinkOptions extends TensorOptions {
  /** How far values keep from each kink. Default: 1/8. */
  readonly margin?: number;
}

/** Tensors whose entries keep a distance from points where a derivative jumps. @example awayFromKinks([3], [0]) // for relu */
export const awayFromKinks = (
  shape: Shape,
  kinks: readonly number[],
  { dtype = "float64", from = -4, to = 4, margin = 0.125 }: KinkOptions = {},
): Arbitrary<Tensor> => {
  const bounds = [from, ...[...kinks].sort((a, b) => a - b).flatMap((kink) => [kink - margin, kink + margin]), to];
  const ranges: [number, number][] = [];
  for (let k = 0; k < bounds.length; k += 2) {
    const low = Math.ceil(Math.max(bounds[k], from) * grid);
    const high = Math.floor(Math.min(bounds[k + 1], to) * grid);
    if (low <= high) ranges.push([low, high]);
  }
  if (ranges.length === 0)
    throw new RangeError(`awayFromKinks: nothing from ${from} to ${to} is ${margin} away from ${kinks.join(", ")}`);
  const total = ranges.reduce((count, [low, high]) => count + high - low + 1, 0);
  const value = (k: number): number => {
    let rest = k;
    for (const [low, high] of ranges) {
      if (rest <= high - low) return (low + rest) / grid;
      rest -= high - low + 1;
    }
    return to;
  };
  return withShape(shape, (own) => {
    const count = sizeOf(own);
    return fc
      .array(fc.integer({ min: 0, max: total - 1 }), { minLength: count, maxLength: count })
      .map((ks) => tensor(ks.map(value), { shape: own, dtype }));
  });
};

/** Tensors without equal entries, evenly spaced: for max and sorting, whose derivative jumps where two entries meet. */
export const distinct = (
  shape: Shape,
  { dtype = "float64", from = -4, to = 4 }: TensorOptions = {},
): Arbitrary<Tensor> =>
  withShape(shape, (own) => {
    const count = sizeOf(own);
    const ranks = Array.from({ length: count }, (_, k) => k);
    return fc
      .tuple(fc.shuffledSubarray(ranks, { minLength: count }), fc.integer({ min: 0, max: 63 }))
      .map(([order, shift]) =>
        tensor(
          order.map((k) => from + ((to - from) * (k + 0.5 + shift / 256)) / count),
          { shape: own, dtype },
        ),
      );
  });
