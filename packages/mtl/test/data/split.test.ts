import { createTable, splitByTestRows, splitWithinTasks } from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldsWithinTasks } from "../../src/data/folds.js";

const labels = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 60 });
const tableOf = (tasks: readonly string[]) => createTable([{ name: "task", values: tasks }]);

describe("splitWithinTasks", () => {
  test("parts all rows, and every task keeps a training row, and a test row if it has two", () => {
    fc.assert(
      fc.property(labels, fc.constantFrom(0.1, 0.25, 0.75, 0.99), fc.nat(99), (tasks, share, seed) => {
        const { train, test } = splitWithinTasks(tableOf(tasks), { task: "task", test: share, seed });
        expect([...train, ...test].sort((a, b) => a - b)).toEqual(tasks.map((_, row) => row));
        for (const task of new Set(tasks)) {
          const size = tasks.filter((other) => other === task).length;
          const trained = [...train].filter((row) => tasks[row] === task).length;
          expect(trained).toBeGreaterThanOrEqual(1);
          if (size > 1) expect(trained).toBeLessThan(size);
          expect(Math.abs(trained - (1 - share) * size)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("the same seed gives the same split, another seed another", () => {
    const table = tableOf(Array.from({ length: 100 }, (_, row) => `${row % 3}`));
    const split = (seed: number) => [...splitWithinTasks(table, { task: "task", test: 0.5, seed }).test];
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
  });

  test("nothing is held out at 0, and other shares are refused", () => {
    expect(splitWithinTasks(tableOf(["a", "b"]), { task: "task", test: 0 }).test.length).toBe(0);
    for (const test of [1, -0.1, Number.NaN]) {
      expect(() => splitWithinTasks(tableOf(["a"]), { task: "task", test })).toThrow(/share in \[0, 1\)/);
    }
  });
});

test("splitByTestRows takes the list, and refuses rows that are none or listed twice", () => {
  const table = tableOf(["a", "a", "b"]);
  expect(splitByTestRows(table, [2, 0])).toEqual({ train: Int32Array.of(1), test: Int32Array.of(0, 2) });
  expect(() => splitByTestRows(table, [3])).toThrow(/rows 0 to 2, and 3 is none/);
  expect(() => splitByTestRows(table, [1, 1])).toThrow(/listed twice/);
});

test("folds spread every task as evenly as can be", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 6 }),
      fc.integer({ min: 2, max: 7 }),
      (sizes, k) => {
        for (const [task, folds] of foldsWithinTasks(sizes, k, 3).entries()) {
          const counts = Array.from({ length: k }, (_, fold) => folds.filter((its) => its === fold).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          expect(folds.length).toBe(sizes[task]);
        }
      },
    ),
  );
  expect(() => foldsWithinTasks([3], 1, 0)).toThrow(/from 2 on/);
});
