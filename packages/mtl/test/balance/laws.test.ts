import {
  alignedMtl,
  caGrad,
  conFig,
  dualProj,
  fairGrad,
  imtlGradient,
  krum,
  mgda,
  nashMtl,
  pcGrad,
  upGrad,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  combine,
  directionOf,
  dot,
  expectNear,
  gramianOf,
  independentJacobians,
  jacobians,
  lengthOf,
  longest,
  scaled,
  scales,
} from "../support/jacobians.js";

describe("projections never conflict with a gradient", () => {
  test.each([
    ["upGrad", upGrad],
    ["dualProj", dualProj],
  ])("%s, at any scales", (_, method) => {
    fc.assert(
      fc.property(
        jacobians().chain((rows) => fc.tuple(fc.constant(rows), scales(rows.length))),
        ([unscaled, factors]) => {
          const rows = scaled(unscaled, factors);
          const { direction, weights, residual } = directionOf(method(), rows);
          expect(residual).toBeLessThan(1e-10);
          // Terms of very different sizes cancel in float64: the products are exact relative to those terms.
          const terms = rows.reduce((most, row, i) => Math.max(most, weights[i]! * lengthOf(row)), 0);
          for (const row of rows) expect(dot(direction, row)).toBeGreaterThanOrEqual(-1e-9 * terms * lengthOf(row));
        },
      ),
    );
  });

  test("dualProj is the nearest such direction: the mean less its projection is orthogonal to it", () => {
    fc.assert(
      fc.property(jacobians(), (rows) => {
        const { direction, weights } = directionOf(dualProj(), rows);
        const mean = combine(new Array(rows.length).fill(1 / rows.length), rows);
        const added = direction.map((value, k) => value - mean[k]!);
        expect(Math.abs(dot(added, direction))).toBeLessThanOrEqual(1e-9 * longest(rows) ** 2 * rows.length);
        for (const w of weights) expect(w).toBeGreaterThanOrEqual(1 / rows.length);
      }),
    );
  });

  test("the mean itself, where nothing conflicts", () => {
    fc.assert(
      fc.property(jacobians(), (any) => {
        const rows = any.map((row) => row.map(Math.abs));
        const mean = combine(new Array(rows.length).fill(1 / rows.length), rows);
        for (const method of [upGrad(), dualProj()])
          expectNear(directionOf(method, rows).direction, mean, longest(rows), 1e-12);
      }),
    );
  });
});

describe("minimum norm", () => {
  test("satisfies its conditions: ⟨g_i, d⟩ ≥ |d|², equal where the weight is positive", () => {
    fc.assert(
      fc.property(jacobians(), (rows) => {
        const { direction, weights, residual } = directionOf(mgda(), rows);
        expect(weights.reduce((total, w) => total + w, 0)).toBeCloseTo(1, 12);
        expect(residual).toBeLessThan(1e-10);
        const square = dot(direction, direction);
        const size = longest(rows) ** 2;
        rows.forEach((row, i) => {
          expect(weights[i]!).toBeGreaterThanOrEqual(0);
          const slack = dot(row, direction) - square;
          expect(slack).toBeGreaterThanOrEqual(-1e-9 * size);
          if (weights[i]! > 1e-9) expect(Math.abs(slack)).toBeLessThanOrEqual(1e-7 * size);
        });
      }),
    );
  });

  test("no convex combination is shorter", () => {
    fc.assert(
      fc.property(
        jacobians().chain((rows) =>
          fc.tuple(
            fc.constant(rows),
            fc.array(fc.integer({ min: 0, max: 100 }), { minLength: rows.length, maxLength: rows.length }),
          ),
        ),
        ([rows, counts]) => {
          const total = counts.reduce((a, b) => a + b, 0);
          fc.pre(total > 0);
          const other = combine(
            counts.map((count) => count / total),
            rows,
          );
          expect(lengthOf(directionOf(mgda(), rows).direction)).toBeLessThanOrEqual(
            lengthOf(other) + 1e-8 * longest(rows),
          );
        },
      ),
    );
  });

  test("at scales from 1e-15 to 1e15 the conditions hold relative to their terms", () => {
    fc.assert(
      fc.property(
        jacobians().chain((rows) => fc.tuple(fc.constant(rows), scales(rows.length))),
        ([rows, factors]) => {
          expect(directionOf(mgda(), scaled(rows, factors)).residual).toBeLessThan(1e-10);
        },
      ),
    );
  });

  test.each([1e-6, 1e-7, 1e-8, 1e-10])("opposite gradients cancel beside one that is %d times as long", (tiny) => {
    const opposite = [
      [1, -1.25],
      [-0.2, 0.2],
      [0, -2],
      [0.5, -0.5],
    ];
    const { weights, residual } = directionOf(mgda(), [...opposite, [-tiny, -tiny / 2]]);
    expect(residual).toBeLessThan(1e-14);
    expectNear(weights, [0, 5 / 7, 0, 2 / 7, 0], 1, 1e-2);
  });
});

describe("fairness", () => {
  test("Nash: ⟨g_i, d⟩ = 1/w_i and |d| = √m before clipping", () => {
    fc.assert(
      fc.property(
        independentJacobians().chain((rows) => fc.tuple(fc.constant(rows), scales(rows.length))),
        ([unscaled, factors]) => {
          const rows = scaled(unscaled, factors);
          const { weights, residual } = directionOf(nashMtl({ maximumLength: Number.POSITIVE_INFINITY }), rows);
          expect(residual).toBeLessThan(1e-12);
          // In weights of unit gradients, so that no digits are lost to the scales.
          const unit = rows.map((row) => row.map((value) => value / lengthOf(row)));
          const direction = combine(
            weights.map((w, i) => w * lengthOf(rows[i]!)),
            unit,
          );
          expect(lengthOf(direction) / Math.sqrt(rows.length)).toBeCloseTo(1, 8);
          for (const [i, row] of rows.entries())
            expect(dot(unit[i]!, direction) * weights[i]! * lengthOf(row)).toBeCloseTo(1, 8);
        },
      ),
    );
  });

  test("FairGrad with α = 1 is Nash before clipping; clipping keeps the direction", () => {
    fc.assert(
      fc.property(independentJacobians(), (rows) => {
        const nash = directionOf(nashMtl({ maximumLength: Number.POSITIVE_INFINITY }), rows);
        expect([...directionOf(fairGrad({ alpha: 1 }), rows).weights]).toEqual([...nash.weights]);
        const clipped = directionOf(nashMtl({ maximumLength: 0.5 }), rows).direction;
        expect(lengthOf(clipped)).toBeCloseTo(0.5, 8);
        expectNear(
          clipped.map((value) => value * 2 * Math.sqrt(rows.length)),
          nash.direction,
          Math.sqrt(rows.length),
          1e-8,
        );
      }),
    );
  });

  test("FairGrad: ⟨g_i, d⟩ = w_i^(−1/α) for any α", () => {
    fc.assert(
      fc.property(independentJacobians(), fc.constantFrom(0.25, 0.5, 1, 2, 5), (rows, alpha) => {
        const { weights, direction, residual } = directionOf(fairGrad({ alpha }), rows);
        expect(residual).toBeLessThan(1e-11);
        for (const [i, row] of rows.entries())
          expect(dot(row, direction) / weights[i]! ** (-1 / alpha)).toBeCloseTo(1, 6);
      }),
    );
  });

  test("FairGrad with a large α, where lengths lie eight powers of ten apart", () => {
    const scaled = fc.tuple(independentJacobians(), fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 9 }));
    fc.assert(
      fc.property(scaled, ([rows, powers]) => {
        const own = rows.map((row, i) => row.map((value) => value * 10 ** powers[i % powers.length]!));
        const { residual } = directionOf(fairGrad({ alpha: 20 }), own);
        expect(residual).toBeLessThan(1e-11);
      }),
    );
  });

  test("gradients that cancel have no solution: no step, and the residual says so", () => {
    for (const method of [nashMtl(), fairGrad({ alpha: 2 })]) {
      const { weights, residual } = directionOf(method, [
        [1, 2],
        [-2, -4],
      ]);
      expect([...weights]).toEqual([0, 0]);
      expect(residual).toBe(1);
    }
  });
});

test.each([imtlGradient(), conFig(), nashMtl(), fairGrad()])("$name says where no direction suits all", (method) => {
  const { weights, residual } = directionOf(method, [
    [1, 2],
    [-1, -2],
  ]);
  expect([...weights]).toEqual([0, 0]);
  expect(residual).toBe(1);
});

describe("equal shares", () => {
  test("IMTL-G: weights of sum 1, equal projections onto the unit gradients", () => {
    fc.assert(
      fc.property(independentJacobians(), (rows) => {
        const { weights, direction } = directionOf(imtlGradient(), rows);
        if (weights.every((w) => w === 0)) return;
        expect(weights.reduce((total, w) => total + w, 0)).toBeCloseTo(1, 8);
        const shares = rows.map((row) => dot(row, direction) / lengthOf(row));
        const size = weights.reduce((total, w, i) => total + Math.abs(w) * lengthOf(rows[i]!), 0);
        for (const share of shares) expect(Math.abs(share - shares[0]!)).toBeLessThanOrEqual(1e-9 * size);
      }),
    );
  });

  test("ConFIG: equal positive cosines, and the length of the summed projections", () => {
    fc.assert(
      fc.property(independentJacobians(), (rows) => {
        const { direction } = directionOf(conFig(), rows);
        const length = lengthOf(direction);
        const cosines = rows.map((row) => dot(row, direction) / lengthOf(row) / length);
        for (const cosine of cosines) {
          expect(cosine).toBeGreaterThan(0);
          expect(cosine).toBeCloseTo(cosines[0]!, 8);
        }
        expect(rows.reduce((total, row) => total + dot(row, direction) / length, 0) / length).toBeCloseTo(1, 8);
      }),
    );
  });

  test("Aligned-MTL: for equally long orthogonal gradients the mean; else the gradients' best-conditioned stand-in", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }), (m, size) => {
        const rows = Array.from({ length: m }, (_, i) => Array.from({ length: m + 2 }, (_, k) => (k === i ? size : 0)));
        expectNear(directionOf(alignedMtl(), rows).direction, combine(new Array(m).fill(1 / m), rows), size, 1e-12);
      }),
    );
    // The rows of the aligned Jacobian have squared length λ_min each, so a mean of m of them has λ_min/m.
    fc.assert(
      fc.property(independentJacobians(), (rows) => {
        const { direction } = directionOf(alignedMtl(), rows);
        let least = Number.POSITIVE_INFINITY;
        for (let angle = 0; angle < 400; angle++) {
          const w = rows.map((_, i) => Math.cos(angle * (i + 1)));
          least = Math.min(least, lengthOf(combine(w, rows)) / lengthOf(w));
        }
        expect(lengthOf(direction)).toBeLessThanOrEqual((least / Math.sqrt(rows.length)) * (1 + 1e-8));
      }),
    );
  });
});

describe("Aligned-MTL at scales from 1e-15 to 1e15 side by side", () => {
  test("orthogonal gradients all become as long as the shortest", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((m) => scales(m)),
        (factors) => {
          const rows = factors.map((factor, i) => factors.map((_, k) => (i === k ? factor : 0)));
          const { direction } = directionOf(alignedMtl(), rows);
          const each = Math.min(...factors) / factors.length;
          for (const value of direction) expect(value / each).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  test("two gradients: √λ_min G^(−½) ½, whose root is known in closed form", () => {
    const angle = fc.integer({ min: 2, max: 62 }).map((k) => (k * Math.PI) / 64);
    fc.assert(
      fc.property(scales(2), angle, ([a, b], angle) => {
        const rows = [
          [a!, 0],
          [b! * Math.cos(angle), b! * Math.sin(angle)],
        ];
        // √G = (G + sI)/t with s = √det G and t = √(tr G + 2s) (Levinger, Mathematics Magazine 53, 1980).
        const s = a! * b! * Math.sin(angle);
        const size = a! ** 2 + b! ** 2;
        const product = a! * b! * Math.cos(angle);
        const smallest = s / Math.sqrt((size + Math.sqrt(Math.max(size ** 2 - 4 * s ** 2, 0))) / 2);
        const factor = smallest / (2 * s * Math.sqrt(size + 2 * s));
        const { weights } = directionOf(alignedMtl(), rows);
        const expected = [factor * (b! ** 2 + s - product), factor * (a! ** 2 + s - product)];
        const terms = [b! ** 2 + s, a! ** 2 + s];
        expected.forEach((w, i) => {
          expect(Math.abs(weights[i]! - w)).toBeLessThanOrEqual(1e-9 * factor * terms[i]!);
        });
      }),
    );
  });

  test("three that depend on each other, and gradients beside zeros, keep to the eigenvalues that are not zero", () => {
    // g₃ = g₁: G has the eigenvalues 2·4, 9 and 0, and the aligned mean is √8/3 (√2 u₁ + u₂), u the unit vectors.
    const rows = [
      [2, 0],
      [0, 3],
      [2, 0],
      [0, 0],
    ];
    const { direction } = directionOf(alignedMtl(), rows.slice(0, 3));
    expect(direction[0]!).toBeCloseTo((Math.sqrt(8) / 3) * Math.SQRT2, 12);
    expect(direction[1]!).toBeCloseTo(Math.sqrt(8) / 3, 12);
    expectNear(
      directionOf(alignedMtl(), rows).direction,
      combine(
        [0.75, 0.75],
        [direction, direction].map((d) => d.map((v) => v / 2)),
      ),
      1,
      1e-12,
    );
    expect([
      ...directionOf(alignedMtl(), [
        [0, 0],
        [0, 0],
      ]).weights,
    ]).toEqual([0, 0]);
  });
});

describe("conflict-averse gradient", () => {
  test("stays within the ball around the mean, and no other point of it has a better worst product", () => {
    fc.assert(
      fc.property(
        jacobians({ minWidth: 2, maxWidth: 4 }),
        fc.constantFrom(0.1, 0.5, 0.9, 1, 2),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
        (rows, radius, offset) => {
          const { direction, residual } = directionOf(caGrad({ radius }), rows);
          expect(residual).toBeLessThan(1e-10);
          const mean = combine(new Array(rows.length).fill(1 / rows.length), rows);
          const reach = radius * lengthOf(mean);
          const size = longest(rows);
          expect(lengthOf(direction.map((value, k) => value - mean[k]!))).toBeLessThanOrEqual(reach + 1e-8 * size);
          const worst = (d: readonly number[]) => Math.min(...rows.map((row) => dot(row, d)));
          const other = offset.slice(0, mean.length);
          const length = lengthOf(other);
          fc.pre(length > 0.01);
          const challenger = mean.map((value, k) => value + (reach * other[k]!) / Math.max(length, 1));
          expect(worst(challenger)).toBeLessThanOrEqual(worst(direction) + 1e-7 * size * size);
        },
      ),
    );
  });

  test("is the mean where only rounding is left of it", () => {
    const rows = [
      [-0.25, -1.75],
      [-1, 0.25],
      [1.5, 0.75],
      [-1.5, -0.75],
      [1.25, 1.25],
      [-0.5, 1.5],
      [0, 0.25],
      [0.5, -1.5],
    ];
    const { direction, residual } = directionOf(caGrad({ radius: 0.1 }), rows);
    expect(residual).toBe(0);
    expectNear(direction, [0, 0], 1, 1e-14);
  });

  test("is the mean where the radius is 0, and where gradients are opposite less by the radius", () => {
    const rows = [
      [1, 2],
      [-3, -6],
    ];
    expectNear(directionOf(caGrad({ radius: 0 }), rows).direction, [-1, -2], 1, 1e-14);
    expectNear(directionOf(caGrad({ radius: 0.5 }), rows).direction, [-0.5, -1], 1, 1e-12);
    expectNear(directionOf(caGrad({ radius: 3 }), rows).direction, [0, 0], 1, 1e-12);
  });
});

describe("PCGrad", () => {
  test("is twice UPGrad for two tasks", () => {
    fc.assert(
      fc.property(jacobians({ minTasks: 2, maxTasks: 2 }), (rows) => {
        const twice = directionOf(upGrad(), rows).direction.map((value) => 2 * value);
        expectNear(directionOf(pcGrad(), rows).direction, twice, longest(rows), 1e-12);
      }),
    );
  });

  test("is the sum where nothing conflicts", () => {
    fc.assert(
      fc.property(jacobians(), (any) => {
        const rows = any.map((row) => row.map(Math.abs));
        expectNear(
          directionOf(pcGrad(), rows).direction,
          combine(new Array(rows.length).fill(1), rows),
          longest(rows),
          1e-12,
        );
      }),
    );
  });
});

describe("Krum", () => {
  test("leaves out the gradient that is far from the others", () => {
    const rows = [
      [1, 1],
      [1.1, 1],
      [1, 1.1],
      [-50, 70],
      [1.05, 1.02],
    ];
    const { weights } = directionOf(krum({ faulty: 1, selected: 4 }), rows);
    expect([...weights]).toEqual([0.25, 0.25, 0.25, 0, 0.25]);
  });
  test("scores by the sum of squared distances to the nearest", () => {
    fc.assert(
      fc.property(jacobians({ minTasks: 4, maxTasks: 7 }), (rows) => {
        const m = rows.length;
        const scores = rows.map((a, i) =>
          rows
            .filter((_, j) => j !== i)
            .map((b) => lengthOf(a.map((value, k) => value - b[k]!)) ** 2)
            .sort((x, y) => x - y)
            .slice(0, m - 1 - 2)
            .reduce((x, y) => x + y, 0),
        );
        const chosen = directionOf(krum(), rows).weights.indexOf(1);
        expect(scores[chosen]!).toBeLessThanOrEqual(Math.min(...scores) + 1e-9 * longest(rows) ** 2);
      }),
    );
  });
  test("measures distances in full: 2.05 across the origin lies between 2.02 and 2.08 beside it", () => {
    const chosen = (far: number) => directionOf(krum(), [[1], [-1.05], [10], [10 + far]]).weights;
    expect([...chosen(2.08)]).toEqual([1, 0, 0, 0]);
    expect([...chosen(2.02)]).toEqual([0, 0, 1, 0]);
  });
  test("says how many tasks it needs", () => {
    expect(() => krum({ faulty: 2 }).weigh({}, { gramian: gramianOf([[1], [2], [3]]) })).toThrow(/at least 5 tasks/);
  });
});

test.each([upGrad(), dualProj(), mgda()])("$name's residual tells of products that no gradients have", (method) => {
  // Three directions cannot all be nearly opposite to each other.
  const impossible = Float64Array.of(1, -0.9, -0.9, -0.9, 1, -0.9, -0.9, -0.9, 1);
  expect(method.weigh({}, { gramian: impossible }).residual).toBeGreaterThan(0.1);
});

test("a Gramian must be square", () => {
  expect(() => mgda().weigh({}, { gramian: new Float64Array(3) })).toThrow(/m × m/);
});
