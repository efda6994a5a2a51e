import { grad } from "@kinship/autodiff";
import { armijoSearch, wolfeSearch } from "@kinship/mtl";
import { add, exp, mul, neg, slice, square, sub, sum, type Tensor, tensor } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const rosenbrock = (x: Tensor): Tensor => {
  const [a, b] = [slice(x, [0]), slice(x, [1])];
  return add(square(sub(1, a)), mul(100, square(sub(b, square(a)))));
};
const plain = (a: number, b: number) => (1 - a) ** 2 + 100 * (b - a * a) ** 2;
const slope = (a: number, b: number) => [-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)] as const;

const coordinate = fc.integer({ min: -512, max: 512 }).map((k) => k / 256);

describe("line search", () => {
  test.each([
    ["armijoSearch", armijoSearch, false],
    ["wolfeSearch", wolfeSearch, true],
  ] as const)("%s keeps its conditions, down the gradient of Rosenbrock's function", (_, search, strong) => {
    fc.assert(
      fc.property(coordinate, coordinate, fc.constantFrom(1e-4, 0.1, 1, 10), (a, b, initial) => {
        const x = tensor(Float64Array.of(a, b));
        const [ga, gb] = slope(a, b);
        fc.pre(Math.hypot(ga, gb) > 1e-6);
        const found = search(rosenbrock, x, neg(grad(rosenbrock)(x)), { initial })!;
        const promised = -(ga * ga + gb * gb);
        const [c, d] = [a - found.length * ga, b - found.length * gb];
        expect(found.value).toBeCloseTo(plain(c, d), 6);
        expect(plain(c, d)).toBeLessThanOrEqual(plain(a, b) + 1e-4 * found.length * promised + 1e-9);
        const [gc, gd] = slope(c, d);
        const left = -(gc * ga + gd * gb);
        expect(Math.abs(left - found.slope)).toBeLessThan(1e-6 * (1 + Math.abs(promised)));
        if (strong) expect(Math.abs(left)).toBeLessThanOrEqual(0.9 * Math.abs(promised) * (1 + 1e-9));
      }),
    );
  });

  test("backs off where the function is not a number", () => {
    // −log-like wall: x·x with infinities from e^(e^x) far to the right.
    const f = (x: Tensor) => add(sum(exp(exp(x))), mul(-3, sum(x)));
    const found = wolfeSearch(f, tensor(Float64Array.of(-3)), tensor(Float64Array.of(1)), { initial: 1000 });
    expect(Number.isFinite(found!.value)).toBe(true);
    expect(found!.slope).toBeLessThan(3);
  });

  test("refuses a direction that leads uphill", () => {
    const x = tensor(Float64Array.of(1, 1));
    for (const search of [armijoSearch, wolfeSearch])
      expect(() => search((w: Tensor) => sum(square(w)), x, x)).toThrow(/downhill/);
  });

  test("gives up in time", () => {
    const f = (x: Tensor) => sum(neg(x));
    expect(wolfeSearch(f, tensor([0]), tensor([1]), { evaluations: 5 })).toBeUndefined();
  });
});
