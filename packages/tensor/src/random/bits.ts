import type { DType } from "../dtype.js";
import { evaluator } from "../forms/map.js";
import type { Primitive } from "../primitive.js";
import * as s from "../scalar/instructions.js";
import { input, operation, position, type Scalar } from "../scalar/scalar.js";
import { threefry } from "./threefry.js";

// Uses of one key never meet: the second word of the counter is 0 for numbers, 1 for splitting, 2 for folding in.

export type Shaped = { readonly shape: readonly number[] };

const word = { kind: "integer", dtype: "int32" } as const;

/** A map whose shape is a parameter; its inputs (all words without axes) are repeated to it. */
function generator(
  name: string,
  dtype: DType,
  arity: number,
  bodyOf: (...words: Scalar[]) => Scalar,
  shape: readonly number[] = [3, 4],
): Primitive<Shaped> {
  const body = bodyOf(...Array.from({ length: arity }, (_, k) => input(k)));
  return {
    name,
    form: { kind: "map", body },
    derivative: { kind: "zero" },
    samples: [{ shapes: Array.from({ length: arity }, () => []), params: { shape }, domains: [word] }],
    infer: (_, params) => ({ shape: params.shape, dtype }),
    evaluate: evaluator(body),
  };
}

/** The leading bits of a word as a fraction: the word without its last `drop` bits, times `unit`. */
const fraction = (bits: Scalar, drop: number, unit: number): Scalar =>
  operation(s.mul, operation(s.toFloat, operation(s.shiftRight, bits, drop)), unit);

/** 32 random bits for each element, from a key's two words. */
export const bitsPrimitive: Primitive<Shaped> = /* @__PURE__ */ generator(
  "randomBits",
  "int32",
  2,
  (a, b) => threefry([a, b], [position, 0])[0],
);

/** Multiples of 2⁻²⁴ in [0, 1), evenly: each is exact in float32. */
export const uniform32Primitive: Primitive<Shaped> = /* @__PURE__ */ generator("uniform32", "float32", 2, (a, b) =>
  fraction(threefry([a, b], [position, 0])[0], 8, 2 ** -24),
);

/** Multiples of 2⁻⁵³ in [0, 1), evenly: 27 bits of one word and 26 of the other. */
export const uniform64Primitive: Primitive<Shaped> = /* @__PURE__ */ generator("uniform64", "float64", 2, (a, b) => {
  const [high, low] = threefry([a, b], [position, 0]);
  return operation(s.add, fraction(high, 5, 2 ** -27), fraction(low, 6, 2 ** -53));
});

/** Keys one after another, [count, 2], from a key's words and the counter of the first: (first + row, use). */
export const keysPrimitive: Primitive<Shaped> = /* @__PURE__ */ generator(
  "deriveKeys",
  "int32",
  4,
  (a, b, first, use) => {
    const row = operation(s.shiftRight, position, 1);
    const [even, odd] = threefry([a, b], [operation(s.add, first, row), use]);
    return operation(s.select, operation(s.bitAnd, position, 1), odd, even);
  },
  [3, 2],
);
