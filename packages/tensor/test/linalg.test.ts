import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  cholesky,
  det,
  eigh,
  expandDims,
  eye,
  inverse,
  logdet,
  lowerTriangle,
  lstsq,
  matmul,
  matrixSqrt,
  matrixTranspose,
  mul,
  normal,
  pinv,
  qr,
  randomKey,
  solve,
  solveTriangular,
  svd,
  type Tensor,
  tensor,
  upperTriangle,
  zeros,
} from "../src/index.js";
import { build, filled, scattered, values } from "./support/arbitrary.js";
import { expectNear, expectSame } from "./support/expect.js";

const float64 = { dtype: "float64" } as const;
const identity = (n: number) => eye(n, float64);
const random = (seed: number, shape: readonly number[]) => normal(randomKey(seed), shape, float64);
const transposedProduct = (x: Tensor) => matmul(matrixTranspose(x), x);
const times = (x: Tensor, factor: number) => mul(x, factor);

/** ‖x − y‖ small beside the scale of y. */
function expectClose(found: Tensor, expected: Tensor, tolerance = 1e-12): void {
  const scale = Math.max(1e-290, ...expected.toTypedArray().map(Math.abs));
  expectNear(times(times(found, 1 / scale), 1), times(expected, 1 / scale), tolerance);
}

/** Matrices of all proportions, some of low rank, some tiny or huge, in any layout. */
const matrices = fc
  .record({
    seed: fc.nat(),
    m: fc.integer({ min: 0, max: 7 }),
    n: fc.integer({ min: 0, max: 7 }),
    rank: fc.integer({ min: 0, max: 7 }),
    scale: fc.constantFrom(1, 1e-150, 1e150, 1e-300),
    strided: fc.boolean(),
  })
  .map(({ seed, m, n, rank, scale, strided }) => {
    const full = rank >= Math.min(m, n);
    const x = times(full ? random(seed, [m, n]) : matmul(random(seed, [m, rank]), random(seed + 1, [rank, n])), scale);
    return { a: strided ? scattered(x) : x, m, n, rank: Math.min(m, n, rank), scale };
  });

const square = matrices.map(({ a, scale, m, n }) => {
  const k = Math.min(m, n);
  return { a: tensor(a.toTypedArray().slice(0, k * k), { shape: [k, k] }), n: k, scale };
});

describe("qr", () => {
  test("A = Q R, Qᵀ Q = I, R upper triangular with a diagonal that is not negative", () =>
    fc.assert(
      fc.property(matrices, ({ a, m, n }) => {
        const { q, r } = qr(a);
        const k = Math.min(m, n);
        expect([q.shape, r.shape]).toEqual([
          [m, k],
          [k, n],
        ]);
        expectClose(matmul(q, r), a);
        expectNear(transposedProduct(q), identity(k), 1e-13);
        expectSame(upperTriangle(r), r);
        for (let i = 0; i < k; i++) expect(r.get(i, i)).toBeGreaterThanOrEqual(0);
      }),
    ));
});

describe("eigh", () => {
  test("ends where the matrix lacks rank and its small entries are rounding: blocks of ones", () => {
    for (const n of [60, 160, 300]) {
      const groups = Array.from({ length: n }, (_, i) => Math.sin(7919 * (i + 1)) > 0);
      const blocks = build([n, n], ([i, j]) =>
        groups[i!] === groups[j!] ? 1 : 1e-17 * Math.sin(31 * (i! * j! + i! + j!)),
      );
      const { values: λ, vectors } = eigh(blocks);
      const rebuilt = matmul(mul(vectors, expandDims(λ, 0)), matrixTranspose(vectors));
      expectNear(rebuilt, blocks, 1e-13 * n);
    }
  });

  test("A V = V diag(λ), Vᵀ V = I, λ ascending, the largest entry of each vector positive", () =>
    fc.assert(
      fc.property(square, ({ a, n, scale }) => {
        const s = add(a, matrixTranspose(a));
        const { values: λ, vectors } = eigh(s);
        expectClose(times(matmul(s, vectors), 1 / scale), times(mul(vectors, λ), 1 / scale));
        expectNear(transposedProduct(vectors), identity(n), 1e-13);
        for (let k = 1; k < n; k++) expect(λ.get(k)).toBeGreaterThanOrEqual(λ.get(k - 1));
        for (let k = 0; k < n; k++) {
          const column = Array.from({ length: n }, (_, i) => vectors.get(i, k));
          expect(Math.max(...column)).toBeGreaterThanOrEqual(-Math.min(...column) * (1 - 1e-8));
        }
      }),
    ));
  test("finds known eigenvalues, repeated ones too: 2 − 2 cos(kπ/(n+1)) of the path", () => {
    const n = 60;
    const path = build([n, n], ([i, j]) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0));
    expectNear(
      eigh(path).values,
      build([n], ([k]) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1))),
      1e-13,
    );
    // A matrix of ones: n once, 0 otherwise.
    expectNear(eigh(build([5, 5], () => 1)).values, filled([5], [0, 0, 0, 0, 5]), 1e-14);
    expectSame(eigh(zeros([3, 3], "float64")).vectors, identity(3));
  });
  test("works on batches, of which each is its own", () => {
    const batch = transposedProduct(random(5, [2, 3, 4, 4]));
    const { values: λ, vectors } = eigh(batch);
    expectClose(matmul(batch, vectors), mul(vectors, expandDims(λ, -2)));
    expect(eigh(zeros([0, 3, 3])).values.shape).toEqual([0, 3]);
  });
});

describe("svd", () => {
  test("A = U diag(s) Vᵀ, orthonormal columns, s descending and not negative, the rank seen", () =>
    fc.assert(
      fc.property(matrices, ({ a, m, n, rank, scale }) => {
        const { u, s, v } = svd(a);
        const k = Math.min(m, n);
        expect([u.shape, s.shape, v.shape]).toEqual([[m, k], [k], [n, k]]);
        expectClose(times(matmul(mul(u, s), matrixTranspose(v)), 1 / scale), times(a, 1 / scale));
        expectNear(transposedProduct(u), identity(k), 1e-12);
        expectNear(transposedProduct(v), identity(k), 1e-12);
        const sizes = Array.from(s.toTypedArray());
        expect(sizes).toEqual([...sizes].sort((p, q) => q - p));
        expect(sizes.every((size) => size >= 0)).toBe(true);
        expect(sizes.filter((size) => size > 1e-13 * (sizes[0] ?? 0) * Math.max(m, n)).length).toBeLessThanOrEqual(
          rank,
        );
      }),
    ));
  test("keeps the small singular values of a graded matrix", () => {
    // Diagonal scaling of an orthogonal matrix by powers of ten: the singular values are the powers.
    const { q } = qr(random(3, [5, 5]));
    const powers = filled([5], [1e4, 1, 1e-6, 1e-12, 1e-18]);
    const { s } = svd(mul(q, powers));
    for (let k = 0; k < 5; k++) expect(Math.abs(s.get(k) / powers.get(k) - 1)).toBeLessThan(1e-12);
  });
  test("of one row repeated, whose columns turn smaller than numbers can be", () => {
    for (let k = 0; k < 500; k++) {
      const a = tensor(Array(2 + (k % 5)).fill([0, Math.floor(k / 50) - 5, (k % 50) - 25]), float64);
      const { u, s, v } = svd(a);
      expect(s.get(0)).toBeCloseTo(Math.hypot(...a.toTypedArray()), 10);
      for (let j = 1; j < s.size; j++) expect(s.get(j)).toBeLessThanOrEqual(1e-14 * s.get(0));
      expectClose(matmul(mul(u, s), matrixTranspose(v)), a);
      expectNear(transposedProduct(u), identity(s.size), 1e-12);
      expectNear(transposedProduct(v), identity(s.size), 1e-12);
    }
  });
  test("of a matrix of zeros and of signs", () => {
    expectSame(svd(zeros([3, 2], "float64")).s, zeros([2], "float64"));
    expectNear(
      svd(
        tensor([
          [3, 0],
          [0, -2],
        ]),
      ).v,
      tensor([
        [1, 0],
        [0, -1],
      ]),
      0,
    );
  });
});

describe("solve, inverse, determinants", () => {
  test("undo multiplication", () =>
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 8 }), fc.boolean(), (seed, n, strided) => {
        const a = add(random(seed, [n, n]), times(identity(n), 6));
        const [x, b] = [random(seed + 1, [n, 3]), random(seed + 2, [2, n, n])];
        expectClose(solve(strided ? scattered(a) : a, matmul(a, x)), x, 1e-11);
        expectNear(matmul(inverse(a), a), identity(n), 1e-12);
        expect(solve(a, b).shape).toEqual([2, n, n]);
      }),
    ));
  test("the determinant is the sum over permutations", () =>
    fc.assert(
      fc.property(values(16), (entries) => {
        const a = filled([4, 4], entries);
        const expand = (rows: number[], columns: number[]): number =>
          rows.length === 0
            ? 1
            : columns.reduce(
                (n, c, k) =>
                  n +
                  (k % 2 ? -1 : 1) *
                    a.get(rows[0], c) *
                    expand(
                      rows.slice(1),
                      columns.filter((d) => d !== c),
                    ),
                0,
              );
        const expected = expand([0, 1, 2, 3], [0, 1, 2, 3]);
        expect(Math.abs(det(a).item() - expected)).toBeLessThan(1e-10 * (1 + Math.abs(expected)));
        const { sign, logarithm } = logdet(a);
        expect(Math.abs(sign.item() * Math.exp(logarithm.item()) - expected)).toBeLessThan(
          1e-10 * (1 + Math.abs(expected)),
        );
      }),
    ));
  test("of nothing and of singular matrices", () => {
    expect(det(zeros([0, 0])).item()).toBe(1);
    expect(
      det(
        tensor([
          [1, 2],
          [2, 4],
        ]),
      ).item() + 0,
    ).toBe(0);
    const { sign, logarithm } = logdet(
      tensor([
        [1, 2],
        [2, 4],
      ]),
    );
    expect([sign.item(), logarithm.item()]).toEqual([0, Number.NEGATIVE_INFINITY]);
    expect(logdet(times(identity(400), 1e-3)).logarithm.item()).toBeCloseTo(400 * Math.log(1e-3), 9);
    expect(() =>
      solve(
        tensor([
          [1, 2],
          [2, 4],
        ]),
        tensor([1, 1]),
      ),
    ).toThrow("solve: the matrix is singular: no pivot in column 1; use lstsq or pinv");
    expect(() => inverse(zeros([2, 2, 2]))).toThrow("solve: the matrix number 0 of the batch is singular");
  });
  test("needs pivots: a leading zero is no obstacle", () =>
    expectNear(
      solve(
        tensor([
          [0, 1],
          [1, 0],
        ]),
        tensor([2, 3]),
      ),
      tensor([3, 2]),
      0,
    ));
});

describe("pinv and lstsq", () => {
  test("satisfy the four conditions of Penrose", () =>
    fc.assert(
      fc.property(matrices, ({ a, scale }) => {
        const x = times(a, 1 / scale);
        const p = times(pinv(a), scale);
        const [xp, px] = [matmul(x, p), matmul(p, x)];
        expectClose(matmul(xp, x), x, 1e-9);
        expectClose(matmul(px, p), p, 1e-9);
        expectNear(xp, matrixTranspose(xp), 1e-9);
        expectNear(px, matrixTranspose(px), 1e-9);
      }),
    ));
  test("lstsq leaves a residual orthogonal to the columns", () => {
    const [a, b] = [random(1, [9, 3]), random(2, [9, 2])];
    const residual = add(matmul(a, lstsq(a, b)), times(b, -1));
    expectNear(matmul(matrixTranspose(a), residual), zeros([3, 2], "float64"), 1e-13);
    expectNear(
      lstsq(
        tensor([
          [1, 0],
          [1, 1],
          [1, 2],
        ]),
        tensor([1, 3, 5]),
      ),
      tensor([1, 2]),
      1e-6,
    );
    expect(() => lstsq(a, random(1, [8]))).toThrow("lstsq: numbers of rows differ, [9, 3] and [8]");
  });
});

describe("matrixSqrt", () => {
  test("S S = A, for repeated and zero eigenvalues too", () =>
    fc.assert(
      fc.property(matrices, ({ a, n, scale }) => {
        const x = times(a, 1 / scale);
        const gram = transposedProduct(x);
        const s = matrixSqrt(gram);
        expectClose(matmul(s, s), gram, 1e-7);
        expectNear(s, matrixTranspose(s), 1e-12);
        expectNear(matrixSqrt(times(identity(n), 4)), times(identity(n), 2), 1e-15);
      }),
    ));
  test("refuses a negative eigenvalue", () =>
    expect(() =>
      matrixSqrt(
        tensor([
          [0, 1],
          [1, 0],
        ]),
      ),
    ).toThrow("matrixSqrt: the matrix is not positive semi-definite: its smallest eigenvalue is -1"));
});

describe("cholesky and triangles", () => {
  test("L Lᵀ = A", () =>
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 8 }), (seed, n) => {
        const a = add(transposedProduct(random(seed, [n, n])), identity(n));
        const l = cholesky(a);
        expectClose(matmul(l, matrixTranspose(l)), a);
        expectSame(lowerTriangle(l), l);
        const b = random(seed + 1, [n]);
        for (const transpose of [false, true]) {
          const x = solveTriangular(l, b, { transpose });
          expectClose(matmul(transpose ? matrixTranspose(l) : l, x), b, 1e-11);
        }
      }),
    ));
  test("say what is wrong", () => {
    expect(() =>
      cholesky(
        tensor([
          [1, 2],
          [2, 1],
        ]),
      ),
    ).toThrow(
      "cholesky: the matrix is not positive definite (found at row 1); add a small multiple of the identity, or use eigh",
    );
    expect(() =>
      solveTriangular(
        tensor([
          [1, 0],
          [1, 0],
        ]),
        tensor([1, 1]),
      ),
    ).toThrow("solveTriangular: the matrix is singular: diagonal entry 1 is 0");
  });
});

describe("every decomposition", () => {
  const decompositions = { qr, eigh, svd, pinv, det, logdet, matrixSqrt, inverse } as const;
  test.each(Object.entries(decompositions))("%s refuses what is not finite, and says where", (_, f) => {
    const bad = build([2, 2, 2], ([k, i, j]) => (k === 1 && i === 1 && j === 0 ? Number.NaN : i === j ? 1 : 0));
    expect(() => f(bad)).toThrow(
      "the matrix number 1 of the batch has NaN at row 1, column 0; expected finite entries",
    );
  });
  test.each(Object.entries(decompositions))("%s refuses vectors", (_, f) =>
    expect(() => f(tensor([1, 2]))).toThrow("expected a matrix or a batch of them, found shape [2]"),
  );
  test("float32 in, float32 out, computed in float64", () => {
    const a = tensor([
      [4, 1],
      [1, 3],
    ]);
    for (const x of [qr(a).q, eigh(a).values, svd(a).s, pinv(a), det(a), matrixSqrt(a), inverse(a)])
      expect(x.dtype).toBe("float32");
    expect(det(a).item()).toBe(11);
  });
});
