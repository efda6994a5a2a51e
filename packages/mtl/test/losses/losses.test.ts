import { huber, InputError, type Loss, logistic, lossOf, multinomial, poisson, squared } from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const cases: readonly (readonly [Loss, fc.Arbitrary<number>])[] = [
  [squared(), fc.integer({ min: -64, max: 64 }).map((k) => k / 16)],
  [huber({ threshold: 0.75 }), fc.integer({ min: -64, max: 64 }).map((k) => k / 16)],
  [logistic(), fc.constantFrom(0, 1)],
  [multinomial({ classes: 3 }), fc.constantFrom(0, 1, 2)],
  [poisson(), fc.integer({ min: 0, max: 9 })],
];

/** Odd multiples of 1/64 plus a little: never on a kink of Huber's second derivative. */
const scores = (outputs: number) =>
  fc
    .array(fc.integer({ min: -200, max: 200 }), { minLength: outputs, maxLength: outputs })
    .map((values) => Float64Array.from(values, (value) => value / 64 + 0.003));

const valueAt = (loss: Loss, z: Float64Array, y: number, along: Float64Array, step: number) =>
  loss.value(
    z.map((entry, c) => entry + step * along[c]!),
    0,
    y,
  );

describe.each(cases)("$name", (loss, labels) => {
  const problem = fc.tuple(scores(loss.outputs), scores(loss.outputs), labels);
  const gradientAt = (z: Float64Array, y: number) => {
    const out = new Float64Array(loss.outputs);
    loss.gradient(z, 0, y, out);
    return out;
  };
  const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, entry, c) => sum + entry * b[c]!, 0);

  test("has the gradient that finite differences find", () => {
    fc.assert(
      fc.property(problem, ([z, v, y]) => {
        const h = 1e-5;
        const numeric = (valueAt(loss, z, y, v, h) - valueAt(loss, z, y, v, -h)) / (2 * h);
        const scale = 1 + Math.abs(loss.value(z, 0, y));
        expect(Math.abs(inner(gradientAt(z, y), v) - numeric)).toBeLessThan(1e-6 * scale * (1 + inner(v, v)));
      }),
    );
  });

  test("has the curvature that its gradient shows, between none and its bound", () => {
    fc.assert(
      fc.property(problem, ([z, v, y]) => {
        const out = new Float64Array(loss.outputs);
        loss.curve(z, 0, y, v, out);
        const h = 1e-6;
        const plus = gradientAt(
          z.map((entry, c) => entry + h * v[c]!),
          y,
        );
        const minus = gradientAt(
          z.map((entry, c) => entry - h * v[c]!),
          y,
        );
        const size = 1 + inner(v, v) + Math.abs(loss.value(z, 0, y));
        for (const [c, entry] of out.entries()) {
          expect(Math.abs(entry - (plus[c]! - minus[c]!) / (2 * h))).toBeLessThan(2e-5 * size);
        }
        expect(inner(out, v)).toBeGreaterThanOrEqual(-1e-12);
        expect(inner(out, v)).toBeLessThanOrEqual(loss.curvature * inner(v, v) * (1 + 1e-12));
      }),
    );
  });

  test("and its conjugate satisfy Fenchel and Young: an inequality, and an equality at a gradient", () => {
    fc.assert(
      fc.property(problem, fc.integer({ min: 0, max: 8 }), ([z, other, y], eighths) => {
        const u = gradientAt(z, y).map((entry) => (entry * eighths) / 8);
        const size = 1 + Math.abs(loss.value(z, 0, y)) + Math.abs(loss.value(other, 0, y)) + inner(u, u);
        const slack = loss.value(other, 0, y) + loss.conjugate(u, 0, y) - inner(u, other);
        expect(slack).toBeGreaterThan(-1e-12 * size);
        const full = gradientAt(z, y);
        expect(Math.abs(loss.value(z, 0, y) + loss.conjugate(full, 0, y) - inner(full, z))).toBeLessThan(1e-12 * size);
      }),
    );
  });

  test("is convex along every line", () => {
    fc.assert(
      fc.property(problem, ([z, v, y]) => {
        const [left, middle, right] = [-1, 0, 1].map((step) => valueAt(loss, z, y, v, step)) as [
          number,
          number,
          number,
        ];
        expect(left + right - 2 * middle).toBeGreaterThan(-1e-12 * (1 + Math.abs(left) + Math.abs(right)));
      }),
    );
  });

  test("is read from its description", () => {
    const { name, parameters } = loss;
    expect(lossOf({ name, parameters }).outputs).toBe(loss.outputs);
    expect(lossOf({ name, parameters }).name).toBe(name);
  });
});

test("values by hand", () => {
  const at = (loss: Loss, z: number[], y: number) => loss.value(Float64Array.from(z), 0, y);
  expect(at(squared(), [3], 1)).toBe(4);
  expect(at(huber({ threshold: 1 }), [0.5], 0)).toBe(0.25);
  expect(at(huber({ threshold: 1 }), [3], 0)).toBe(5);
  expect(at(logistic(), [0], 1)).toBeCloseTo(Math.LN2, 15);
  expect(at(multinomial({ classes: 4 }), [0, 0, 0, 0], 2)).toBeCloseTo(Math.log(4), 15);
  expect(at(poisson(), [0], 3)).toBeCloseTo(1 + 3 * Math.log(3) - 3, 14);
  expect(at(poisson(), [Math.log(3)], 3)).toBeCloseTo(0, 14);
  expect(at(poisson(), [0], 0)).toBe(1);
});

test("far tails are neither lost nor infinite", () => {
  const z = Float64Array.of(-800);
  expect(logistic().value(z, 0, 1)).toBe(800);
  expect(logistic().value(z, 0, 0)).toBe(0);
  const gradient = new Float64Array(1);
  logistic().gradient(Float64Array.of(-40), 0, 0, gradient);
  expect(gradient[0]! / Math.exp(-40)).toBeCloseTo(1, 12);
  expect(multinomial({ classes: 2 }).value(Float64Array.of(900, -900), 0, 1)).toBe(1800);
  const probabilities = Float64Array.of(1000, 1000);
  multinomial({ classes: 2 }).link(probabilities, 0);
  expect([...probabilities]).toEqual([0.5, 0.5]);
});

test("links give the expected label", () => {
  const z = Float64Array.of(Math.log(3), Math.log(2));
  logistic().link(z, 0);
  poisson().link(z, 1);
  expect(z[0]).toBeCloseTo(0.75, 15);
  expect(z[1]).toBeCloseTo(2, 14);
});

test("labels and options out of range are refused", () => {
  expect([0, 1, 2, 0.5, Number.NaN].map(logistic().accepts)).toEqual([true, true, false, false, false]);
  expect([0, 2, 3, -1, 1.5].map(multinomial({ classes: 3 }).accepts)).toEqual([true, true, false, false, false]);
  expect([0, 2.5, -1, Number.POSITIVE_INFINITY].map(poisson().accepts)).toEqual([true, true, false, false]);
  expect(() => huber({ threshold: 0 })).toThrow(InputError);
  expect(() => huber({ threshold: Number.NaN })).toThrow(/finite number > 0/);
  expect(() => multinomial({ classes: 1 })).toThrow(/from 2 on/);
  expect(() => lossOf({ name: "hinge", parameters: {} })).toThrow(/none of squared/);
});
