import fc from "fast-check";
import { expect, test } from "vitest";
import { parseNumber } from "../../src/csv/number.js";

test("every finite double that is written is read back", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parseNumber(` ${value} `, ",")).toBe(Number(String(value)));
    }),
  );
});

test.each([
  ["", /empty/],
  ["  ", /empty/],
  ["NaN", /NaN/],
  ["inf", /infinite/],
  ["-Infinity", /infinite/],
  ["1e999", /too large/],
  ["0x10", /not a number/],
  ["1.2.3", /not a number/],
  ["twelve", /not a number/],
  ["1,5", /decimal mark as a point/],
])("%j is no number", (cell, reason) => {
  expect(parseNumber(cell, ",")).toMatch(reason);
});

test("a comma is a decimal mark only where semicolons separate", () => {
  expect(parseNumber("1,5", ";")).toBe(1.5);
  expect(parseNumber("-0,25e1", ";")).toBe(-2.5);
  expect(parseNumber("1.5", ";")).toBe(1.5);
  expect(parseNumber("1,234,567", ";")).toMatch(/not a number/);
});
