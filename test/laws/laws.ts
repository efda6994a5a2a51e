import { vjp } from "@kinship/autodiff";
import { checkDerivatives } from "@kinship/autodiff/testing";
import { broadcastablePairs, seeds, shapes } from "@kinship/autodiff/testing/arbitraries";
import { apply, cast, isFloating, onesLike, type Primitive, type Sample, sum, type Tensor } from "@kinship/tensor";
import fc, { type Arbitrary } from "fast-check";
import { differentiable } from "./differentiable.js";
import { inputsOf } from "./samples.js";

/** An elementwise primitive without parameters takes any shapes that broadcast. */
const takesAnyShapes = (primitive: Primitive, sample: Sample<unknown>): boolean =>
  primitive.form.kind === "map" && sample.params === undefined;

function shapesFor(primitive: Primitive, sample: Sample<unknown>): Arbitrary<readonly (readonly number[])[]> {
  if (!takesAnyShapes(primitive, sample)) return fc.constant(sample.shapes);
  const small = { maximumRank: 3, maximumSize: 3 };
  switch (sample.shapes.length) {
    case 0:
      return fc.constant([]);
    case 1:
      return shapes(small).map((shape) => [shape]);
    default:
      // More than two: the others are as one of the pair.
      return fc
        .tuple(broadcastablePairs(small), fc.array(fc.nat({ max: 1 }), { minLength: 4, maxLength: 4 }))
        .map(([pair, which]) => sample.shapes.map((_, k) => pair[k < 2 ? k : which[k % 4]]));
  }
}

/** Every law of derivatives, on one primitive with one choice of parameters. */
export function checkPrimitive(primitive: Primitive, sample: Sample<unknown>, numRuns: number): void {
  const cases = fc.tuple(
    shapesFor(primitive, sample).chain((own) => inputsOf(sample, own)),
    fc.boolean(),
    seeds(),
  );
  fc.assert(
    fc.property(cases, ([drawn, narrow, seed]) => {
      const inputs = drawn.map((x) => (narrow && x.dtype === "float64" ? cast(x, "float32") : x));
      const { f, at } = differentiable(primitive, sample, inputs);
      if (at.length > 0) checkDerivatives(f, at, { seed, broadcasts: takesAnyShapes(primitive, sample) });
      else checkNothingPasses(primitive, sample, inputs);
    }),
    { numRuns },
  );
}

/** Whole numbers have no derivative: what is computed from them is constant. */
function checkNothingPasses(primitive: Primitive, sample: Sample<unknown>, inputs: readonly Tensor[]): void {
  const free = inputs.filter((x) => isFloating(x.dtype));
  const f = (...xs: Tensor[]): Tensor => {
    let k = 0;
    const filled = inputs.map((x) => (isFloating(x.dtype) ? xs[k++] : x));
    return sum(cast(apply(primitive, filled, sample.params), "float64"));
  };
  const { output, pullback } = vjp(f, free);
  for (const c of pullback(onesLike(output)))
    if (c.toTypedArray().some((value) => value !== 0))
      throw new Error(`${primitive.name}: a derivative passed through whole numbers`);
}
