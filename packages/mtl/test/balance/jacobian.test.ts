import { balance, dbMtl, excessMtl, gradDrop, moCo, trimmedMean } from "@kinship/mtl";
import { type Tensor, tensor } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combine, jacobians, lengthOf, tensorsOf } from "../support/jacobians.js";

const values = (x: Tensor): number[] => [...x.toTypedArray()];

describe("trimmed mean", () => {
  test("is each entry's mean without its largest and smallest", () => {
    fc.assert(
      fc.property(jacobians({ minTasks: 3, maxTasks: 7 }), fc.constantFrom(0, 1), (rows, trim) => {
        const { direction } = balance(trimmedMean({ trim }), {}, { gradients: tensorsOf(rows) });
        values(direction).forEach((found, k) => {
          const column = rows.map((row) => row[k]!).sort((a, b) => a - b);
          const kept = column.slice(trim, column.length - trim);
          expect(found).toBeCloseTo(kept.reduce((a, b) => a + b, 0) / kept.length, 10);
        });
      }),
    );
  });
  test("says when nothing would be left", () => {
    expect(() => balance(trimmedMean(), {}, { gradients: tensorsOf([[1], [2]]) })).toThrow(
      /leave nothing; trim at most 0/,
    );
  });
});

describe("gradient sign dropout", () => {
  const rows = [
    [3, 1, 0, -2],
    [-1, 2, 0, -1],
  ];
  test("keeps in each entry the positive or the negative ones, by the purity", () => {
    const method = gradDrop({ seed: 7 });
    let state = method.start(2, tensorsOf(rows)[0]!);
    let positive = 0;
    const rounds = 2000;
    for (let k = 0; k < rounds; k++) {
      const found = balance(method, state, { gradients: tensorsOf(rows) });
      state = found.state;
      const [first, ...others] = values(found.direction);
      expect([3, -1]).toContain(first);
      // Where all agree everything stays, and zeros stay zero.
      expect(others.map((v) => v + 0)).toEqual([3, 0, -3]);
      if (first === 3) positive++;
    }
    // P = ½ (1 + 2/4) = 0.75
    expect(Math.abs(positive / rounds - 0.75)).toBeLessThan(4.5 * Math.sqrt((0.75 * 0.25) / rounds));
  });
});

describe("MoCo", () => {
  test("two steps by hand", () => {
    const method = moCo({ tracking: 0.5, rate: 0.1 });
    const rows = [
      [2, 0],
      [0, 4],
    ];
    const gradients = tensorsOf(rows);
    const first = balance(method, method.start(2, gradients[0]!), { gradients });
    // y = (1, 0), (0, 2); YYᵀλ = (0.5, 2); λ − 0.1·that = (0.45, 0.3), on the simplex (0.575, 0.425).
    expect(values(first.state.weights)).toEqual([expect.closeTo(0.575, 12), expect.closeTo(0.425, 12)]);
    expect(values(first.direction)).toEqual([expect.closeTo(0.575, 12), expect.closeTo(0.85, 12)]);
    const second = balance(method, first.state, { gradients });
    // y = (1.5, 0), (0, 3).
    const pulled = [0.575 - 0.1 * 2.25 * 0.575, 0.425 - 0.1 * 9 * 0.425];
    const shift = (pulled[0]! + pulled[1]! - 1) / 2;
    expect(values(second.direction)[0]!).toBeCloseTo(1.5 * (pulled[0]! - shift), 12);
    expect(values(second.direction)[1]!).toBeCloseTo(3 * (pulled[1]! - shift), 12);
  });
});

describe("DB-MTL", () => {
  test("adds gradients of log losses at the length of the longest, first without memory", () => {
    fc.assert(
      fc.property(jacobians({ minWidth: 2 }), (rows) => {
        const losses = rows.map((_, i) => 0.5 + i);
        const gradients = tensorsOf(rows);
        const method = dbMtl();
        const { direction } = balance(method, method.start(rows.length, gradients[0]!), { gradients, losses });
        const logs = rows.map((row, i) => row.map((value) => value / losses[i]!));
        const longest = Math.max(...logs.map(lengthOf));
        const weights = logs.map((row) => (lengthOf(row) > 0 ? longest / lengthOf(row) : 0));
        combine(weights, logs).forEach((value, k) => {
          expect(values(direction)[k]!).toBeCloseTo(value, 8);
        });
      }),
    );
  });
  test("remembers β/√t of the running gradients, and needs losses", () => {
    const method = dbMtl({ memory: 0.8 });
    const at = (value: number) => ({ gradients: [tensor(Float64Array.of(value))], losses: [1] });
    const first = balance(method, method.start(1, tensor(Float64Array.of(0))), at(1));
    const second = balance(method, first.state, at(3));
    const kept = 0.8 / Math.SQRT2;
    expect(second.direction.item()).toBeCloseTo(kept * 1 + (1 - kept) * 3, 12);
    expect(() => balance(method, first.state, { gradients: at(1).gradients })).toThrow(/needs the losses/);
  });
});

describe("ExcessMTL", () => {
  test("two steps by hand: the risk is gᵀ diag(Σg²)^(−½) g, relative to the first", () => {
    const method = excessMtl({ rate: 0.5 });
    const step = (a: number, b: number) => ({ gradients: tensorsOf([[a], [b]]) });
    const first = balance(method, method.start(2, tensor(Float64Array.of(0))), step(2, 1));
    // Both risks are 1 relative to themselves: the weights stay even.
    expect(values(first.state.weights)).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)]);
    expect(first.direction.item()).toBeCloseTo(1.5, 12);
    const second = balance(method, first.state, step(2, 0));
    // Σg² = 8 and 1: risks 4/√8 over 4/2, and 0.
    const raised = Math.exp((0.5 * (4 / Math.sqrt(8))) / 2);
    expect(second.state.weights.get(0)).toBeCloseTo(raised / (raised + 1), 6);
  });
});
