import fc from "fast-check";
import { expect, test } from "vitest";
import { add, arange, div, reshape, sub, type Tensor, tensor, zeros } from "../src/index.js";
import * as instructions from "../src/scalar/instructions.js";
import type { Instruction } from "../src/scalar/scalar.js";
import { scattered, sizeOf } from "./support/arbitrary.js";

const grid = [0, -0, 1, -1, 0.5, -2.25, 3, 1e-45, 3e38, -3e38, Infinity, -Infinity, Number.NaN, 16777217];
const pairs = grid.flatMap((x) => grid.map((y) => [Math.fround(x), Math.fround(y)]));

const shortcuts = Object.values<Instruction>(instructions).filter((i) => i.float32Loop);

test("there are shortcuts for float32", () => expect(shortcuts.length).toBeGreaterThan(0));

test.each(shortcuts.map((i) => [i.name, i] as const))(
  "%s straight on float32 is float64 rounded",
  (_, { loop, float32Loop }) => {
    const [a, b] = [0, 1].map((k) => pairs.map((pair) => pair[k]));
    const wide = new Float64Array(pairs.length);
    const narrow = new Float32Array(pairs.length);
    loop(wide, pairs.length, Float64Array.from(a), Float64Array.from(b), wide);
    float32Loop!(narrow, pairs.length, Float32Array.from(a), Float32Array.from(b));
    expect(narrow).toEqual(Float32Array.from(wide));
  },
);

test.each([100, 1000])(
  "an operand that cannot be read straight is read otherwise, not taken for the other: %s rows",
  (rows) => {
    const x = arange(rows * 3);
    const sums = add(reshape(x, [rows, 3]), tensor([1000, 2000, 3000])).toTypedArray();
    expect(sums).toEqual(Float32Array.from({ length: rows * 3 }, (_, k) => k + 1000 * ((k % 3) + 1)));
  },
);

test("tanh straight on float32 is Math.tanh rounded, over all exponents", () => {
  // A step of 4099 between bit patterns, a prime: a million arguments of every size and sign.
  const bits = Uint32Array.from({ length: 2 ** 20 }, (_, k) => k * 4099);
  const x = new Float32Array(bits.buffer);
  const found = new Float32Array(x.length);
  instructions.tanh.float32Loop!(found, x.length, x, x);
  const wrong = x.findIndex((value, k) => !Object.is(found[k], Math.fround(Math.tanh(value))));
  expect(wrong < 0 ? "none" : `tanh(${x[wrong]}) = ${found[wrong]}`).toBe("none");
});

/** A shape that a broadcast operand may have: axes left out, axes of size 1, in any memory order. */
const operandOf = (shape: readonly number[]) =>
  fc
    .record({
      from: fc.nat(shape.length),
      ones: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
      strided: fc.boolean(),
    })
    .map(({ from, ones, strided }) => {
      const own = shape.slice(from).map((size, k) => (ones[k] ? 1 : size));
      const values = Float32Array.from({ length: sizeOf(own) }, (_, k) => ((k * 37) % 101) - 50);
      const made = tensor(values, { shape: own });
      return strided ? scattered(made) : made;
    });

test("operands broadcast in any way give what float64 gives, rounded", () => {
  const shapes = fc.constantFrom(
    [4, 100],
    [1, 300],
    [300, 1],
    [2, 3, 70],
    [5, 1, 64],
    [3, 2, 11, 13],
    [700],
    [2, 1, 600],
  );
  const cases = shapes.chain((shape) => fc.tuple(fc.constant(shape), operandOf(shape), operandOf(shape)));
  fc.assert(
    fc.property(cases, ([shape, x, y]) => {
      const wide = (t: Tensor) => tensor(Float64Array.from(t.toTypedArray()), { shape: t.shape });
      const zero = zeros(shape);
      const found = sub(add(x, zero), y);
      expect(found.toTypedArray()).toEqual(
        Float32Array.from(sub(add(wide(x), zeros(shape, "float64")), wide(y)).toTypedArray()),
      );
      expect(div(x, add(y, zero)).shape).toEqual(shape);
    }),
  );
});
