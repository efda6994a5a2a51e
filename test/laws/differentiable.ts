import { apply, isFloating, type Primitive, type Sample, type Tensor } from "@kinship/tensor";

/** The primitive as a function of those inputs that have derivatives: none where its result is whole numbers. */
export function differentiable(primitive: Primitive, sample: Sample<unknown>, inputs: readonly Tensor[]) {
  const free = inputs.flatMap((x, k) => (isFloating(x.dtype) ? [k] : []));
  const f = (...x: Tensor[]): Tensor =>
    apply(
      primitive,
      inputs.map((constant, k) => (free.includes(k) ? x[free.indexOf(k)] : constant)),
      sample.params,
    );
  const real = isFloating(apply(primitive, inputs, sample.params).dtype);
  return { f, at: real ? free.map((k) => inputs[k]) : [] };
}
