import { expect, test } from "vitest";
import { count, decimal, fixed, percent, plural } from "../../src/report/words.js";

test("nouns have their plural, and codes are no nouns", () => {
  expect(["school", "city", "bus", "branch", "day", "school_id", "T1"].map(plural)).toEqual([
    ...["schools", "cities", "buses", "branches", "days", "tasks", "tasks"],
  ]);
  expect([count(1, "city"), count(1234, "city"), count(1, "id_1")]).toEqual(["1 city", "1,234 cities", "1 task"]);
});

test("numbers are short, signed with a minus, and never NaN", () => {
  expect([12.3456, 0, -0.5, 123456, 1e-7, 2.5e9].map((value) => decimal(value))).toEqual([
    ...["12.35", "0", "−0.5", "123,500", "1 × 10⁻⁷", "2.5 × 10⁹"],
  ]);
  expect([fixed(-0.001, 2), percent(-0.0001)]).toEqual(["0.00", "0.0%"]);
  expect([fixed(1, 2), fixed(Number.NaN, 2), percent(0.1234), percent(-0.5, 0)]).toEqual([
    "1.00",
    "n/a",
    "12.3%",
    "−50%",
  ]);
});
