import { grad } from "@kinship/autodiff";
import { armijoSearch, lbfgs, minimize, wolfeSearch } from "@kinship/mtl";
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

describe("L-BFGS", () => {
  test("minimises Rosenbrock's function from the usual start in a few dozen steps", () => {
    const found = minimize(rosenbrock, tensor(Float64Array.of(-1.2, 1)));
    expect(found.converged).toBe(true);
    expect(found.gradientNorm).toBeLessThanOrEqual(1e-8);
    expect(found.rounds).toBeLessThan(60);
    expect(found.parameters.get(0)).toBeCloseTo(1, 8);
    expect(found.parameters.get(1)).toBeCloseTo(1, 8);
  });

  test("minimises a quadratic over a structure, and never increases it", () => {
    const centre = { a: tensor(Float64Array.of(1, -2, 3)), b: [tensor(Float64Array.of(0.5))] };
    const f = (x: typeof centre) =>
      add(
        sum(mul(tensor(Float64Array.of(1, 10, 100)), square(sub(x.a, centre.a)))),
        mul(3, sum(square(sub(x.b[0]!, centre.b[0]!)))),
      );
    const zero = { a: tensor(new Float64Array(3)), b: [tensor(new Float64Array(1))] };
    const { start, step } = lbfgs(f, { memory: 4 });
    let state = start(zero);
    for (let k = 0; k < 30; k++) {
      const next = step(state);
      expect(next.value.item()).toBeLessThanOrEqual(state.value.item());
      expect(next.steps.length).toBeLessThanOrEqual(4);
      state = next;
    }
    for (let k = 0; k < 3; k++) expect(state.parameters.a.get(k)).toBeCloseTo(centre.a.get(k), 7);
    expect(state.parameters.b[0]!.get(0)).toBeCloseTo(0.5, 7);
  });

  test("the first step is down the gradient; the second follows the published recursion", () => {
    const f = (x: Tensor) => sum(mul(tensor(Float64Array.of(0.5, 2)), square(x)));
    const { start, step } = lbfgs(f, { memory: 1 });
    const first = start(tensor(Float64Array.of(4, 1)));
    const second = step(first);
    const s = [second.parameters.get(0) - 4, second.parameters.get(1) - 1];
    // Gradient (x, 4y): the step is a multiple of −(4, 4).
    expect(s[0]! / s[1]!).toBeCloseTo(1, 12);
    const third = step(second);
    const g = [second.parameters.get(0), 4 * second.parameters.get(1)];
    const y = [s[0]!, 4 * s[1]!];
    const sy = s[0]! * y[0]! + s[1]! * y[1]!;
    const alpha = (s[0]! * g[0]! + s[1]! * g[1]!) / sy;
    const q = [g[0]! - alpha * y[0]!, g[1]! - alpha * y[1]!];
    const gamma = sy / (y[0]! ** 2 + y[1]! ** 2);
    const r = [gamma * q[0]!, gamma * q[1]!];
    const beta = (y[0]! * r[0]! + y[1]! * r[1]!) / sy;
    const direction = r.map((value, k) => -(value + s[k]! * (alpha - beta)));
    const moved = [0, 1].map((k) => third.parameters.get(k) - second.parameters.get(k));
    expect(moved[0]! * direction[1]!).toBeCloseTo(moved[1]! * direction[0]!, 12);
    expect(moved[0]! * direction[0]! + moved[1]! * direction[1]!).toBeGreaterThan(0);
  });

  test("stops at a minimum", () => {
    const found = minimize((x: Tensor) => sum(square(x)), tensor(Float64Array.of(0, 0)));
    expect(found).toMatchObject({ rounds: 0, converged: true, value: 0 });
  });
});
