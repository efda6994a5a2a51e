import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { allocate, type TypedArray } from "../src/dtype.js";
import { evaluator } from "../src/forms/map.js";
import * as engine from "../src/index.js";
import {
  add,
  arange,
  div,
  exp,
  mul,
  relu,
  reshape,
  sigmoid,
  slice,
  square,
  sub,
  type Tensor,
  tanh,
  tensor,
  zeros,
} from "../src/index.js";
import * as instructions from "../src/scalar/instructions.js";
import { runLanes } from "../src/scalar/lanes.js";
import { type Instruction, input, operation } from "../src/scalar/scalar.js";
import { sigmoid as sigmoidOfOne } from "../src/special.js";
import { expFloat32, sigmoidFloat32, tanhFloat32 } from "../src/wasm/eagerExponential.js";
import { scattered, sizeOf } from "./support/arbitrary.js";

const grid = [0, -0, 1, -1, 0.5, -2.25, 3, 1e-45, 1e-310, 3e38, -3e38, Infinity, -Infinity, Number.NaN, 16777217, 0.1];
const pairs = grid.flatMap((x) => grid.map((y) => [x, y]));

const inLanes = Object.values<Instruction>(instructions).filter((i) => i.lanes !== undefined);

/** The first place where two results differ, the sign of zero included. */
const difference = (found: TypedArray, expected: TypedArray) => {
  const at = found.findIndex((value, k) => !Object.is(value, expected[k]));
  return at < 0 && found.length === expected.length ? "none" : `${found[at]} instead of ${expected[at]}, at ${at}`;
};

/** Runs the instruction in WebAssembly, whatever its size may be. */
function runInLanes(
  { lanes, arity }: Instruction,
  dtype: "float32" | "float64",
  inputs: readonly Tensor[],
): TypedArray {
  const out = allocate(dtype, sizeOf(inputs[0].shape));
  const operands = Array.from({ length: arity }, (_, k) => k);
  expect(runLanes({ lanes: lanes!, operands }, inputs, out, inputs[0].shape)).toBe(true);
  return out;
}

/** The slow reference: the loop over float64, rounded when it is stored. */
function looped({ loop }: Instruction, dtype: "float32" | "float64", inputs: readonly Tensor[]): TypedArray {
  const [a, b] = inputs.map((x) => Float64Array.from(x.toTypedArray()));
  const wide = new Float64Array(a.length);
  loop(wide, wide.length, a, b, wide);
  return dtype === "float32" ? Float32Array.from(wide) : wide;
}

test("there are instructions that run in lanes", () => expect(inLanes.length).toBeGreaterThan(5));

describe.each(["float32", "float64"] as const)("%s in lanes is float64 rounded:", (dtype) => {
  const Numbers = dtype === "float32" ? Float32Array : Float64Array;
  const those = inLanes.filter(({ lanes }) => dtype === "float32" || typeof lanes === "number");

  test.each(those.map((i) => [i.name, i] as const))("%s of special numbers", (_, instruction) => {
    // Twice and one more: not a whole number of vectors.
    const numbers = (k: number) => Numbers.from([...pairs, ...pairs, pairs[17]].map((pair) => pair[k]));
    const inputs = [tensor(numbers(0)), tensor(numbers(1))];
    expect(difference(runInLanes(instruction, dtype, inputs), looped(instruction, dtype, inputs))).toBe("none");
  });

  test("any bits, in runs of any length, at any place", () => {
    const most = 65536 / Numbers.BYTES_PER_ELEMENT;
    const length = fc.oneof(
      fc.integer({ min: 256, max: 700 }),
      fc.integer({ min: -5, max: 5 }).map((k) => 2 * most + k),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...those),
        fc.oneof(length, fc.constantFrom(most - 1, most, most + 1)),
        fc.tuple(fc.nat(5), fc.nat(5)),
        fc.integer(),
        (instruction, count, offsets, seed) => {
          let state = seed;
          const view = (offset: number) => {
            const words = Uint32Array.from({ length: 2 * (count + 7) }, () => {
              state = (Math.imul(state, 1664525) + 1013904223) | 0;
              return state;
            });
            return slice(tensor(new Numbers(words.buffer)), [[offset, offset + count]]);
          };
          const inputs = offsets.map(view);
          expect(difference(runInLanes(instruction, dtype, inputs), looped(instruction, dtype, inputs))).toBe("none");
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("an operand may be a number, the other operand, or of another type", () => {
  const count = 40_001;
  const reals = Float32Array.from({ length: count }, (_, k) => ((k * 7919) % 1000) / 7 - 70);
  const x = tensor(reals);
  const whole = tensor(Int32Array.from({ length: count }, (_, k) => 16777217 + k));
  const bytes = tensor(Uint8Array.from({ length: count }, (_, k) => k % 251));
  const by = (f: (value: number, k: number) => number) => Float32Array.from(reals, f);
  expect(
    difference(
      mul(x, 0.1).toTypedArray(),
      by((v) => v * Math.fround(0.1)),
    ),
  ).toBe("none");
  expect(
    difference(
      sub(1, x).toTypedArray(),
      by((v) => 1 - v),
    ),
  ).toBe("none");
  expect(
    difference(
      square(x).toTypedArray(),
      by((v) => v * v),
    ),
  ).toBe("none");
  expect(
    difference(
      relu(x).toTypedArray(),
      by((v) => Math.max(v, 0)),
    ),
  ).toBe("none");
  expect(
    difference(
      mul(x, bytes).toTypedArray(),
      by((v, k) => v * (k % 251)),
    ),
  ).toBe("none");
  expect(
    difference(
      add(x, whole).toTypedArray(),
      by((v, k) => v + 16777217 + k),
    ),
  ).toBe("none");
  expect(
    difference(
      div(whole, bytes).toTypedArray(),
      by((_, k) => (16777217 + k) / (k % 251)),
    ),
  ).toBe("none");
  const wide = add(tensor(Float64Array.from(reals)), whole);
  expect(
    difference(
      wide.toTypedArray(),
      Float64Array.from(reals, (v, k) => v + 16777217 + k),
    ),
  ).toBe("none");
  expect(add(whole, bytes).toTypedArray()).toEqual(Int32Array.from(reals, (_, k) => 16777217 + k + (k % 251)));
});

test("a number of a body that is none of float32 is not rounded before its use", () => {
  const tenth = evaluator(operation(instructions.mul, input(0), 0.1));
  const x = arange(1000);
  const found = tenth([x], { shape: [1000], dtype: "float32" }, undefined).toTypedArray();
  expect(
    difference(
      found,
      Float32Array.from(x.toTypedArray(), (v) => v * 0.1),
    ),
  ).toBe("none");
});

describe("where WebAssembly is not to be had, the loops give the same", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });
  const x = Float32Array.from({ length: 20_001 }, (_, k) => ((k * 7919) % 1000) / 99 - 5);
  const compute = (engine: typeof import("../src/index.js")) => {
    const a = engine.tensor(x);
    return engine.relu(engine.add(engine.tanh(engine.mul(a, a)), a)).toTypedArray();
  };
  const expected = compute(engine);
  test.each([
    ["at all", undefined],
    [
      "as compiling is forbidden",
      {
        validate: () => true,
        Memory: WebAssembly.Memory,
        Module: function Module() {
          throw new EvalError("refused by the content-security policy");
        },
      },
    ],
  ])("%s", async (_, there) => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", there);
    expect(difference(compute(await import("../src/index.js")), expected)).toBe("none");
  });
});

test.each([100, 1000])(
  "an operand that cannot be read straight is read otherwise, not taken for the other: %s rows",
  (rows) => {
    const x = arange(rows * 3);
    const sums = add(reshape(x, [rows, 3]), tensor([1000, 2000, 3000])).toTypedArray();
    expect(sums).toEqual(Float32Array.from({ length: rows * 3 }, (_, k) => k + 1000 * ((k % 3) + 1)));
  },
);

const exponentials = [
  ["exp", exp, expFloat32, Math.exp],
  ["sigmoid", sigmoid, sigmoidFloat32, sigmoidOfOne],
  ["tanh", tanh, tanhFloat32, Math.tanh],
] as const;

/** The first of these arguments, given by their bits, whose result is not that of `one` rounded. */
function wrong(of: (x: Tensor) => Tensor, one: (x: number) => number, bits: Uint32Array): string {
  const x = new Float32Array(bits.buffer);
  const found = of(tensor(x)).toTypedArray();
  const at = x.findIndex((value, k) => !Object.is(found[k], Math.fround(one(value))));
  return at < 0 ? "none" : `${found[at]} of ${x[at]}`;
}

test.each(exponentials)("%s of float32 is that of float64 rounded, over all exponents", (_, of, kernel, one) => {
  expect(kernel()).not.toBeNull();
  // A step of 4099 between bit patterns, a prime: a million arguments of every size and sign.
  expect(
    wrong(
      of,
      one,
      Uint32Array.from({ length: 2 ** 20 }, (_, k) => k * 4099),
    ),
  ).toBe("none");
});

test.each(exponentials)("%s of float32 around where results end and lose bits", (_, of, __, one) => {
  const ends = [9.01, 9.02, 16.6, 17.4, 18.02, 18.04, 87.3, 88.73, 103.9, 104.1, 128, 700].flatMap((x) => [x, -x]);
  const patterns = new Uint32Array(Float32Array.from(ends).buffer);
  const bits = [...patterns].flatMap((end) => Array.from({ length: 40_000 }, (_, k) => end + 13 * (k - 20_000)));
  expect(wrong(of, one, Uint32Array.from(bits))).toBe("none");
});

/** Some minutes each: only `npm run test:deep` does it. */
test.skipIf(process.env.KINSHIP_DEEP !== "1").each(exponentials)(
  "%s of every float32 there is",
  { timeout: 3_600_000 },
  (_, of, __, one) => {
    for (let high = 0; high < 2 ** 12; high++)
      expect(
        wrong(
          of,
          one,
          Uint32Array.from({ length: 2 ** 20 }, (_, low) => high * 2 ** 20 + low),
        ),
      ).toBe("none");
  },
);

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
    [3, 90, 70],
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
