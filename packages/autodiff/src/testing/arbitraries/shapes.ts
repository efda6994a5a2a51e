import fc, { type Arbitrary } from "fast-check";

export interface ShapeOptions {
  /** Numbers of axes. Default: 0 to 3. */
  readonly minimumRank?: number;
  readonly maximumRank?: number;
  /** Sizes of axes. Default: 1 to 4; 0 makes empty tensors. */
  readonly minimumSize?: number;
  readonly maximumSize?: number;
}

/** Shapes; they shrink to few and short axes. @example fc.assert(fc.property(shapes(), (shape) => zeros(shape).shape.length <= 3)) */
export const shapes = ({
  minimumRank = 0,
  maximumRank = 3,
  minimumSize = 1,
  maximumSize = 4,
}: ShapeOptions = {}): Arbitrary<number[]> =>
  fc.array(fc.integer({ min: minimumSize, max: maximumSize }), { minLength: minimumRank, maxLength: maximumRank });

type Side = "both" | "left" | "right";

/**
 * Two shapes that broadcast against each other: axes of size 1 on either side, and missing leading axes. Built, not
 * filtered.
 */
export const broadcastablePairs = (options: ShapeOptions = {}): Arbitrary<[number[], number[]]> =>
  shapes(options).chain((full) =>
    fc
      .tuple(
        fc.array(fc.constantFrom<Side>("both", "left", "right"), { minLength: full.length, maxLength: full.length }),
        fc.constantFrom<Side>("both", "left", "right"),
        fc.nat({ max: full.length }),
      )
      .map(([sides, shorter, missing]) => {
        const of = (side: Side) =>
          full
            .map((size, axis) => (sides[axis] === "both" || sides[axis] === side ? size : 1))
            .slice(shorter === side ? missing : 0);
        return [of("left"), of("right")];
      }),
  );
