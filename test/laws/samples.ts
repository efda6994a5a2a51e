import {
  awayFromKinks,
  distinct,
  positiveDefinite,
  tensors,
  wellConditioned,
} from "@kinship/autodiff/testing/arbitraries";
import { cast, type Domain, greater, type Primitive, reshape, type Sample, slice, type Tensor } from "@kinship/tensor";
import fc, { type Arbitrary } from "fast-check";

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

export const domainOf = (sample: Sample<unknown>, input: number): Domain =>
  sample.domains?.[Math.min(input, sample.domains.length - 1)] ?? {};

function draw(shape: readonly number[], domain: Domain): Arbitrary<Tensor> {
  const { kind = "real", from = -2, to = 2, dtype = "float64", kinks = [] } = domain;
  const as = (of: Arbitrary<Tensor>): Arbitrary<Tensor> => of.map((x) => cast(x, dtype));
  switch (kind) {
    case "real":
      return as(awayFromKinks(shape, kinks, { from, to, margin: 0.0625 }));
    case "integer":
      return as(tensors(shape, { from, to })).map((x) => cast(cast(x, "int32"), dtype));
    case "boolean":
      return as(tensors(shape, { from: 0, to: 2 }).map((x) => greater(x, 1)));
    case "distinct":
      return as(distinct(shape, { from, to }));
    case "positive definite":
      return as(positiveDefinite(shape));
    case "well-conditioned":
    case "triangular":
      return as(wellConditioned(shape));
  }
}

/** Inputs that are distinct are so together: the maximum of two has a kink where they meet. */
function drawTogether(shapes: readonly (readonly number[])[], domain: Domain): Arbitrary<Tensor[]> {
  const ends = shapes.map((_, k) => shapes.slice(0, k + 1).reduce((total, shape) => total + sizeOf(shape), 0));
  return draw([ends[ends.length - 1]], domain).map((all) =>
    shapes.map((shape, k) => reshape(slice(all, [[ends[k] - sizeOf(shape), ends[k]]]), shape)),
  );
}

/** Inputs that a primitive's own declaration says its laws hold on; of other shapes, where it has no say in them. */
export function inputsOf(
  sample: Sample<unknown>,
  shapes: readonly (readonly number[])[] = sample.shapes,
): Arbitrary<Tensor[]> {
  const domains = shapes.map((_, k) => domainOf(sample, k));
  if (shapes.length > 1 && domains.every(({ kind }) => kind === "distinct")) return drawTogether(shapes, domains[0]);
  return fc.tuple(...shapes.map((shape, k) => draw(shape, domains[k])));
}

/** One choice of inputs, the same for a seed. */
export const exampleOf = (sample: Sample<unknown>, seed: number): Tensor[] =>
  fc.sample(inputsOf(sample), { numRuns: 1, seed })[0];

export const named = (primitive: Primitive, k: number): string =>
  primitive.samples.length === 1 ? primitive.name : `${primitive.name} (sample ${k})`;
