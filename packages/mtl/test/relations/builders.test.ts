import {
  createTable,
  graphKinship,
  InputError,
  identityKinship,
  kinshipMatrix,
  matrixKinship,
  meanKinship,
  parentsFromColumn,
  treeKinship,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smallestEigenvalue } from "../../src/algebra/eigenvalues.js";
import { relations } from "../support/problems.js";

const names = (count: number) => Array.from({ length: count }, (_, t) => `task ${t}`);

describe.each(relations)("$name", ({ kinship, matrix }) => {
  test.each([1, 2, 3, 6])("K of %i tasks is what its definition says", (count) => {
    const k = kinshipMatrix(kinship(count)(names(count)));
    for (const [i, value] of matrix(count).flat().entries()) expect(k[i]).toBeCloseTo(value, 12);
  });

  test("tasks of one name are refused", () => {
    expect(() => kinship(2)(["task 0", "task 0"])).toThrow(/two tasks are named "task 0"/);
    expect(() => kinship(1)([])).toThrow(InputError);
  });
});

describe("matrixKinship refuses", () => {
  test.each<[string, number[][], RegExp]>([
    ["what is not square", [[1, 2]], /must be square, its shape is \[1, 2\]/],
    ["what is not symmetric", [[1, 0.5], [0.4, 1]], /K is not symmetric, entry \[1, 0\] = 0.4 and \[0, 1\] = 0.5/], // biome-ignore format: a matrix
    ["what is not finite", [[Number.NaN]], /K\[0, 0\] is NaN/],
    ["what is indefinite, with its smallest eigenvalue", [[1, 2], [2, 1]], /smallest eigenvalue is -1\.00000.*add at least 1\.00 to its diagonal/], // biome-ignore format: a matrix
  ])("%s", (_, k, message) => {
    expect(() => matrixKinship(k)).toThrow(message);
  });

  test("the wrong size", () => {
    expect(() => matrixKinship([[1]])(["a", "b"])).toThrow(/K is 1 × 1, and there are 2 tasks/);
  });

  test("but not K = 0, nor K of rank one", () => {
    expect(matrixKinship([[0]])(["a"]).kind).toBe("matrix");
    expect(matrixKinship([[0.1, 0.1], [0.1, 0.1]])(["a", "b"]).tasks).toEqual(["a", "b"]); // biome-ignore format: a matrix
  });
});

test("the smallest eigenvalue of Q diag(e) Qᵀ is the smallest of e", () => {
  const eigenvalue = fc.integer({ min: -64, max: 64 }).map((k) => k / 8);
  fc.assert(
    fc.property(fc.array(fc.tuple(eigenvalue, eigenvalue), { minLength: 1, maxLength: 8 }), (pairs) => {
      const n = pairs.length;
      const e = pairs.map(([value]) => value);
      const v = pairs.map(([, value], i) => value + i + 1);
      const length = v.reduce((sum, value) => sum + value * value, 0);
      // Householder's reflection I − 2vvᵀ/vᵀv is orthogonal.
      const q = (i: number, j: number) => (i === j ? 1 : 0) - (length > 0 ? (2 * v[i]! * v[j]!) / length : 0);
      const matrix = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) matrix[i * n + j]! += q(i, k) * e[k]! * q(j, k);
      }
      expect(smallestEigenvalue(matrix, n)).toBeCloseTo(Math.min(...e), 11);
    }),
  );
});

describe("treeKinship refuses", () => {
  const tree = (entries: [string, string | null][]) => treeKinship({ parents: new Map(entries) })(["a", "b"]);
  test.each<[string, [string, string | null][], RegExp]>([
    ["a parent that does not exist", [["a", "p"], ["b", null]], /"a" has the parent "p", which does not exist/], // biome-ignore format: pairs
    ["a cycle", [["a", "p"], ["b", "p"], ["p", "q"], ["q", "p"]], /cycle, p → q → p/], // biome-ignore format: pairs
    ["a node that is its own parent", [["a", "a"], ["b", null]], /cycle, a → a/], // biome-ignore format: pairs
    ["a task without an entry", [["a", null]], /task "b" has no entry/],
  ])("%s", (_, entries, message) => {
    expect(() => tree(entries)).toThrow(message);
  });
});

test("graphs refuse strangers, loops and negative weights", () => {
  const graph = (edge: [string, string, number?]) => graphKinship({ edges: [edge] })(["a", "b"]);
  expect(() => graph(["a", "c"])).toThrow(/names "c", which is no task/);
  expect(() => graph(["a", "a"])).toThrow(/joins "a" to itself/);
  expect(() => graph(["a", "b", -1])).toThrow(/≥ 0, not -1/);
  expect(() => meanKinship({ shrinkage: -1 })).toThrow(/shrinkage must be/);
  expect(identityKinship()(["a"]).latent).toEqual([]);
});

describe("parentsFromColumn", () => {
  const table = (rows: readonly (readonly (string | null)[])[]) =>
    createTable(["task", "sector"].map((name, k) => ({ name, values: rows.map((row) => row[k]) })));

  test("hangs tasks from parents, and parents from one root", () => {
    const parents = parentsFromColumn(table([["a", "p"], ["b", "q"], ["a", "p"]]), "task", "sector"); // biome-ignore format: rows
    expect([...parents]).toEqual([["a", "p"], ["b", "q"], ["p", "(all)"], ["q", "(all)"], ["(all)", null]]); // biome-ignore format: pairs
  });

  test("refuses two parents, none, and a parent that is a task", () => {
    const read = (rows: (string | null)[][]) => parentsFromColumn(table(rows), "task", "sector");
    expect(() => read([["a", "p"], ["a", "q"]])).toThrow(/"a" has two parents, "p" and "q" \(row 2/); // biome-ignore format: rows
    expect(() => read([["a", null]])).toThrow(/names no parent/);
    expect(() => read([["a", "b"], ["b", "p"]])).toThrow(/both a task and a parent/); // biome-ignore format: rows
  });
});
