import { grad } from "@kinship/autodiff";
import { lbfgs, type Optimizer, sgd } from "@kinship/mtl";
import { abs, add, exp, log, mul, square, sub, sum, type Tensor, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noCurvature, quasiNewton, withPair } from "../../src/optimizers/quasi-newton.js";

const vector = (x: readonly number[]) => tensor(Float64Array.from(x));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((total, entry, i) => total + entry * b[i]!, 0);
const length = (a: readonly number[]) => Math.sqrt(dot(a, a));

/** H by its definition, a matrix: (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ for each pair, from γI on. */
function inverseHessian(pairs: readonly (readonly [number[], number[]])[], scale: number, n: number): number[][] {
  const last = pairs.at(-1);
  const gamma = last ? dot(...last) / dot(last[1], last[1]) : scale;
  let h = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? gamma : 0)));
  const product = (a: number[][], b: number[][]) =>
    a.map((row) => row.map((_, j) => row.reduce((total, value, k) => total + value * b[k]![j]!, 0)));
  for (const [s, y] of pairs) {
    const rho = 1 / dot(s, y);
    const left = s.map((own, i) => y.map((other, j) => (i === j ? 1 : 0) - rho * own * other));
    const right = y.map((own, i) => s.map((other, j) => (i === j ? 1 : 0) - rho * own * other));
    h = product(product(left, h), right).map((row, i) => row.map((value, j) => value + rho * s[i]! * s[j]!));
  }
  return h;
}

describe("the two-loop recursion", () => {
  const entry = fc.integer({ min: -64, max: 64 }).map((k) => k / 16);
  const vectors = (n: number) => fc.array(entry, { minLength: n, maxLength: n });
  const cases = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })).chain(([n, memory]) =>
    fc.record({
      memory: fc.constant(memory),
      g: vectors(n),
      pairs: fc.array(fc.tuple(vectors(n), vectors(n)), { maxLength: 6 }),
    }),
  );

  test("is the matrix of the last pairs whose curvature is positive, times the gradient downhill", () => {
    fc.assert(
      fc.property(cases, ({ memory, g, pairs }) => {
        let curvature = noCurvature("test", memory, vector(g));
        for (const [s, y] of pairs) curvature = withPair(curvature, vector(s), vector(y));
        const usable = pairs.filter(([s, y]) => dot(s, y) > 0).slice(-memory);
        const h = inverseHessian(usable, Math.min(1, 1 / length(g)), g.length);
        const found = quasiNewton(vector(g), curvature).toArray() as number[];
        // Each pair may stretch by (1 + |s| |y| / ⟨s, y⟩)², and its rounding with it.
        const stretch = usable.reduce((by, [s, y]) => by * (1 + (length(s) * length(y)) / dot(s, y)) ** 2, 1);
        const size = usable.length > 0 ? length(usable.at(-1)![0]) / length(usable.at(-1)![1]) : 1;
        const beside = usable.reduce((total, [s, y]) => total + dot(s, s) / dot(s, y), size);
        for (const [i, row] of h.entries())
          expect(Math.abs(found[i]! + dot(row, g))).toBeLessThan(1e-13 * (1 + stretch * beside * length(g)));
      }),
    );
  });
});

const descend = (optimizer: Optimizer, f: (x: Tensor) => Tensor, start: Tensor, steps: number): Tensor[] => {
  const path = [start];
  let state = optimizer.start<Tensor>(start);
  for (let k = 0; k < steps; k++) {
    const updated = optimizer.update<Tensor>(state, grad(f)(path[k]!), path[k]!);
    state = updated.state;
    path.push(updated.parameters);
  }
  return path;
};

describe("L-BFGS, a step at a time", () => {
  test("reaches the minimum of a convex quadratic far sooner than gradient descent at its best rate", () => {
    const stiffness = Float64Array.from({ length: 10 }, (_, i) => 10 ** ((2 * i) / 9));
    const f = (x: Tensor) => mul(0.5, sum(mul(tensor(stiffness), square(sub(x, 1)))));
    const start = tensor(new Float64Array(10));
    const at = (optimizer: Optimizer) => f(descend(optimizer, f, start, 60).at(-1)!).item();
    expect(at(lbfgs())).toBeLessThan(1e-12);
    // With 2 / (largest + least) an error shrinks to (99/101)^k: to .09 of .5 after 60.
    expect(at(sgd({ learningRate: 2 / 101 }))).toBeGreaterThan(0.1);
  });

  test("a trial that went too far goes back along its direction, and is forgotten", () => {
    // Slopes of softplus walls: −1 far to the left, 30 to the right of 0.2.
    const f = (x: Tensor) => sum(sub(mul(31 / 40, log(add(1, exp(mul(40, sub(x, 0.2)))))), x));
    const optimizer = lbfgs({ memory: 3 });
    const start = tensor(Float64Array.of(0));
    const one = optimizer.update<Tensor>(optimizer.start<Tensor>(start), grad(f)(start), start);
    const reached = one.parameters.item();
    const [before, now] = [start, one.parameters].map((x) => grad(f)(x).item());
    expect(now!).toBeGreaterThan(0.8 * Math.abs(before!));
    const two = optimizer.update<Tensor>(one.state, grad(f)(one.parameters), one.parameters);
    expect(two.parameters.item()).toBeCloseTo(Math.max(0.1, -before! / (now! - before!)) * reached, 12);
    expect(two.state.search!.point.toArray()).toEqual([0]);
    expect(sum(abs(two.state.search!.steps[2]!)).item()).toBe(0);
    // From there on it finds the minimum.
    const path = descend(optimizer, f, start, 40);
    expect(Math.abs(grad(f)(path.at(-1)!).item())).toBeLessThan(1e-9);
  });

  test("compiled, it takes the same path", () => {
    const f = (x: Tensor) => sum(mul(tensor(Float64Array.of(1, 5, 25)), square(sub(x, 1))));
    const optimizer = lbfgs({ memory: 3 });
    type Pair = { readonly state: ReturnType<typeof optimizer.start<Tensor>>; readonly parameters: Tensor };
    const step = ({ state, parameters }: Pair): Pair => optimizer.update(state, grad(f)(parameters), parameters);
    const compiled = compile(step);
    const start = tensor(Float64Array.of(4, -3, 2));
    let [eager, fast]: Pair[] = [0, 1].map(() => ({ state: optimizer.start<Tensor>(start), parameters: start }));
    for (let k = 0; k < 8; k++) [eager, fast] = [step(eager!), compiled(fast!)];
    for (const k of [0, 1, 2]) expect(fast!.parameters.get(k)).toBeCloseTo(eager!.parameters.get(k), 9);
  });

  test("trials are as long as the learning rate says", () => {
    const f = (x: Tensor) => sum(mul(tensor(Float64Array.of(1, 2)), square(x)));
    const start = tensor(Float64Array.of(3, 4));
    const [whole, half] = [1, 0.5].map((learningRate) => descend(lbfgs({ learningRate }), f, start, 1)[1]!);
    for (const k of [0, 1]) expect(start.get(k) - half!.get(k)).toBeCloseTo((start.get(k) - whole!.get(k)) / 2, 14);
    // The first is no longer than 1.
    expect(Math.hypot(whole!.get(0) - 3, whole!.get(1) - 4)).toBeCloseTo(1, 12);
  });

  test("stays at a minimum, and where it came to in the digits there are", () => {
    const f = (x: Tensor) => sum(square(sub(x, 1)));
    const still = descend(lbfgs(), f, tensor(Float64Array.of(1, 1)), 5);
    for (const x of still) expect(x.toArray()).toEqual([1, 1]);
    const path = descend(lbfgs(), f, tensor([0, 3]), 300);
    for (const x of path.slice(20)) for (const entry of x.toArray() as number[]) expect(entry).toBeCloseTo(1, 6);
  });
});
