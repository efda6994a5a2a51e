import { minimize } from "@kinship/mtl";
import { add, mul, slice, square, sub, sum, type Tensor, tensor } from "@kinship/tensor";
import { describe, expect, test } from "vitest";

const rosenbrock = (x: Tensor): Tensor => {
  const [a, b] = [slice(x, [0]), slice(x, [1])];
  return add(square(sub(1, a)), mul(100, square(sub(b, square(a)))));
};

describe("minimize", () => {
  test("finds the minimum of Rosenbrock's function from the usual start in a few dozen steps", () => {
    const found = minimize(rosenbrock, tensor(Float64Array.of(-1.2, 1)));
    expect(found.converged).toBe(true);
    expect(found.gradientNorm).toBeLessThanOrEqual(1e-8);
    expect(found.rounds).toBeLessThan(60);
    expect(found.parameters.get(0)).toBeCloseTo(1, 8);
    expect(found.parameters.get(1)).toBeCloseTo(1, 8);
  });

  test("finds that of a quadratic over a structure, and never raises it", () => {
    const centre = { a: tensor(Float64Array.of(1, -2, 3)), b: [tensor([0.5])] };
    const f = (x: typeof centre) =>
      add(
        sum(mul(tensor(Float64Array.of(1, 10, 100)), square(sub(x.a, centre.a)))),
        mul(3, sum(square(sub(x.b[0]!, centre.b[0]!)))),
      );
    const zero = { a: tensor(new Float64Array(3)), b: [tensor(new Float32Array(1))] };
    let value = f(zero).item();
    for (let rounds = 1; rounds <= 30; rounds++) {
      const found = minimize(f, zero, { memory: 4, rounds });
      expect(found.value).toBeLessThanOrEqual(value);
      expect(found.value).toBe(f(found.parameters).item());
      value = found.value;
    }
    const { parameters } = minimize(f, zero, { memory: 4, rounds: 30 });
    for (let k = 0; k < 3; k++) expect(parameters.a.get(k)).toBeCloseTo(centre.a.get(k), 7);
    expect(parameters.b[0]!.get(0)).toBeCloseTo(0.5, 7);
    expect(parameters.b[0]!.dtype).toBe("float32");
  });

  test("goes down the gradient first, and then along the published direction", () => {
    const f = (x: Tensor) => sum(mul(tensor(Float64Array.of(0.5, 2)), square(x)));
    const after = (rounds: number) =>
      minimize(f, tensor(Float64Array.of(4, 1)), { memory: 1, rounds }).parameters.toArray() as [number, number];
    const [[a, b], [c, d]] = [after(1), after(2)];
    const s = [a - 4, b - 1];
    // Gradient (x, 4y): the step is a multiple of −(4, 4).
    expect(s[0]! / s[1]!).toBeCloseTo(1, 12);
    const g = [a, 4 * b];
    const y = [s[0]!, 4 * s[1]!];
    const sy = s[0]! * y[0]! + s[1]! * y[1]!;
    const alpha = (s[0]! * g[0]! + s[1]! * g[1]!) / sy;
    const q = [g[0]! - alpha * y[0]!, g[1]! - alpha * y[1]!];
    const gamma = sy / (y[0]! ** 2 + y[1]! ** 2);
    const r = [gamma * q[0]!, gamma * q[1]!];
    const beta = (y[0]! * r[0]! + y[1]! * r[1]!) / sy;
    const direction = r.map((value, k) => -(value + s[k]! * (alpha - beta)));
    const moved = [c - a, d - b];
    expect(moved[0]! * direction[1]!).toBeCloseTo(moved[1]! * direction[0]!, 12);
    expect(moved[0]! * direction[0]! + moved[1]! * direction[1]!).toBeGreaterThan(0);
  });

  test("stops at a minimum", () => {
    const found = minimize((x: Tensor) => sum(square(x)), tensor(Float64Array.of(0, 0)));
    expect(found).toMatchObject({ rounds: 0, converged: true, value: 0 });
  });

  test("refuses to remember nothing", () => {
    expect(() => minimize(rosenbrock, tensor([1, 2]), { memory: 0.5 })).toThrow("minimize: memory must be a whole");
  });
});
