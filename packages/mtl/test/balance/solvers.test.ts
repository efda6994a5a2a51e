import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalise } from "../../src/balance/normalise.js";
import { minimumNorm } from "../../src/balance/solvers/minimum-norm.js";
import { minimizeNonNegative } from "../../src/balance/solvers/non-negative.js";
import { pseudoSolve, symmetricEigen } from "../../src/balance/solvers/pseudo-inverse.js";
import { projectOntoSimplex } from "../../src/balance/solvers/simplex.js";
import { combine, dot, gramianOf, jacobians, lengthOf } from "../support/jacobians.js";
import { solveDense } from "../support/oracle.js";

const subsets = (n: number) =>
  Array.from({ length: 1 << n }, (_, set) => [...Array(n).keys()].filter((i) => (set >> i) & 1));

describe("non-negative quadratic problems", () => {
  const objective = (q: number[][], h: readonly number[], x: ArrayLike<number>) =>
    q.reduce((total, row, i) => total + 0.5 * x[i]! * dot(row, x) + h[i]! * x[i]!, 0);

  test("no set of free variables does better", () => {
    fc.assert(
      fc.property(
        jacobians({ maxTasks: 5 }).chain((rows) =>
          fc.tuple(
            fc.constant(rows),
            fc.array(
              fc.integer({ min: -8, max: 8 }).map((k) => k / 4),
              { minLength: rows.length, maxLength: rows.length },
            ),
          ),
        ),
        ([rows, h]) => {
          // A ridge makes every block invertible for the oracle.
          const q = rows.map((a, i) => rows.map((b, j) => dot(a, b) + (i === j ? 0.25 : 0)));
          const { x, residual } = minimizeNonNegative(Float64Array.from(q.flat()), Float64Array.from(h));
          expect(residual).toBeLessThan(1e-11);
          for (const value of x) expect(value).toBeGreaterThanOrEqual(0);
          const best = Math.min(
            ...subsets(rows.length).map((free) => {
              const own = solveDense(
                free.map((i) => free.map((j) => q[i]![j]!)),
                free.map((i) => -h[i]!),
              );
              if (own.some((value) => value < 0)) return 0;
              const full = new Array(rows.length).fill(0);
              for (const [k, i] of free.entries()) full[i] = own[k];
              return objective(q, h, full);
            }),
          );
          expect(objective(q, h, x)).toBeLessThanOrEqual(best + 1e-9 * (1 + Math.abs(best)));
        },
      ),
    );
  });

  test("singular problems that have a minimum: h is JJᵀw + s with s ≥ 0", () => {
    fc.assert(
      fc.property(
        jacobians({ maxTasks: 8, maxWidth: 3 }).chain((rows) => {
          const m = rows.length;
          const numbers = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: m, maxLength: m });
          return fc.tuple(fc.constant(rows), numbers, numbers);
        }),
        ([rows, w, slack]) => {
          const direction = combine(w, rows);
          const h = rows.map((row, i) => dot(row, direction) + Math.max(slack[i]!, 0));
          const { x, residual } = minimizeNonNegative(gramianOf(rows), Float64Array.from(h));
          expect(residual).toBeLessThan(1e-10);
          for (const value of x) expect(value).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test("says that nothing was found where there is no minimum", () => {
    const q = Float64Array.of(1, -1, -1, 1);
    expect(minimizeNonNegative(q, Float64Array.of(-1, -1)).residual).toBeGreaterThan(0.01);
  });
});

describe("projection onto the simplex", () => {
  test("is on it, and satisfies the variational inequality against its corners", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 }), (x) => {
        const p = projectOntoSimplex(x);
        expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        const off = x.map((value, i) => value - p[i]!);
        const own = dot(off, p);
        for (let i = 0; i < x.length; i++) {
          expect(p[i]!).toBeGreaterThanOrEqual(0);
          expect(off[i]!).toBeLessThanOrEqual(own + 1e-10);
        }
      }),
    );
  });
});

describe("minimum norm", () => {
  test("is no longer than the shortest point of the affine hull of any subset that lies within", () => {
    fc.assert(
      fc.property(jacobians({ maxTasks: 5, minWidth: 6 }), (rows) => {
        const found = minimumNorm(normalise("test", gramianOf(rows)));
        const length = lengthOf(combine(found.weights, rows));
        const size = Math.max(...rows.map(lengthOf));
        for (const set of subsets(rows.length)) {
          const n = set.length;
          if (n === 0) continue;
          // [G 1; 1ᵀ 0] (w, −t) = (0, 1)
          const system = set.map((i) => [...set.map((j) => dot(rows[i]!, rows[j]!)), 1]);
          system.push([...set.map(() => 1), 0]);
          const w = solveDense(system, [...set.map(() => 0), 1]).slice(0, n);
          if (w.some((value) => !(value >= 0))) continue;
          const point = combine(
            w,
            set.map((i) => rows[i]!),
          );
          expect(length).toBeLessThanOrEqual(lengthOf(point) + 1e-8 * size);
        }
      }),
    );
  });
});

describe("eigenvectors", () => {
  test("rebuild the matrix, are orthonormal, and ascend, for two tasks and more", () => {
    fc.assert(
      fc.property(jacobians({ maxTasks: 4 }), (rows) => {
        const g = gramianOf(rows);
        const n = rows.length;
        const { values, vectors } = symmetricEigen(g);
        const size = 1 + Math.max(...values);
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            let [entry, product] = [0, 0];
            for (let k = 0; k < n; k++) {
              entry += values[k]! * vectors[i * n + k]! * vectors[j * n + k]!;
              product += vectors[k * n + i]! * vectors[k * n + j]!;
            }
            expect(Math.abs(entry - g[i * n + j]!)).toBeLessThan(1e-12 * size);
            expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
          }
        for (let k = 1; k < n; k++) expect(values[k]!).toBeGreaterThanOrEqual(values[k - 1]!);
      }),
    );
  });
});

describe("pseudo-inverse", () => {
  test("of cosines: A A⁺ x = x for x in the range, A⁺ x orthogonal to the null space", () => {
    fc.assert(
      fc.property(jacobians({ maxTasks: 6, maxWidth: 4 }), (rows) => {
        const { cosines, tasks } = normalise("test", gramianOf(rows));
        const start = Float64Array.from({ length: tasks }, (_, i) => Math.sin(i + 1));
        const times = (x: ArrayLike<number>) =>
          Float64Array.from({ length: tasks }, (_, i) => dot(cosines.subarray(i * tasks, (i + 1) * tasks), x));
        const inRange = times(start);
        const solution = pseudoSolve(cosines, inRange);
        const back = times(solution);
        for (let i = 0; i < tasks; i++) expect(back[i]!).toBeCloseTo(inRange[i]!, 8);
        // start − A⁺A start lies in the null space.
        const null_ = start.map((value, i) => value - solution[i]!);
        expect(dot(null_, solution)).toBeCloseTo(0, 6);
      }),
    );
  });
});
