import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  bernoulli,
  categorical,
  foldIn,
  normal,
  normalQuantile,
  permutation,
  randomBits,
  randomKey,
  reshape,
  softmax,
  sort,
  splitKey,
  type Tensor,
  tensor,
  truncatedNormal,
  uniform,
} from "../src/index.js";
import { threefry } from "../src/random/threefry.js";
import { prepare, run } from "../src/scalar/evaluate.js";
import { input } from "../src/scalar/scalar.js";
import { erfc } from "../src/special.js";

const word = (hex: string) => tensor(Int32Array.of(Number.parseInt(hex, 16) | 0), { shape: [] });
const hexOf = (data: ArrayLike<number>) => (data[0] >>> 0).toString(16).padStart(8, "0");

/** The normal distribution function. */
const phi = (x: number) => erfc(-x * Math.SQRT1_2) / 2;

const entries = (x: Tensor) => Array.from(x.toTypedArray());

/** The largest distance between the empirical and the expected distribution function. */
function kolmogorov(sample: readonly number[], distribution: (x: number) => number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((x, k) => Math.max((k + 1) / sorted.length - distribution(x), distribution(x) - k / sorted.length)),
  );
}

/** The distance that a true sample of this size exceeds once in ten thousand draws: √(−½ log(α/2) / n). */
const critical = (n: number) => Math.sqrt((-0.5 * Math.log(1e-4 / 2)) / n);

/** Moment k about 0. */
const moment = (sample: readonly number[], k: number) => sample.reduce((n, x) => n + x ** k, 0) / sample.length;

const count = 20_000;

describe("Threefry-2×32", () => {
  // Known-answer vectors of the Random123 library, 20 rounds: counter, key, result.
  test.each([
    ["00000000", "00000000", "00000000", "00000000", "6b200159", "99ba4efe"],
    ["ffffffff", "ffffffff", "ffffffff", "ffffffff", "1cb996fc", "bb002be7"],
    ["243f6a88", "85a308d3", "13198a2e", "03707344", "c4923a9c", "483df7a0"],
  ])("of counter %s %s and key %s %s", (c0, c1, k0, k1, first, second) => {
    const bodies = threefry([input(2), input(3)], [input(0), input(1)]);
    const words = [c0, c1, k0, k1].map(word);
    const found = bodies.map((body) =>
      hexOf(
        run(
          prepare(
            body,
            words.map(() => "integer" as const),
          ),
          words,
          "int32",
          [],
        ),
      ),
    );
    expect(found).toEqual([first, second]);
  });
  test("element n depends on n alone: a longer draw starts with the shorter one", () => {
    const key = randomKey(7);
    expect(entries(randomBits(key, [1500])).slice(0, 700)).toEqual(entries(randomBits(key, [700])));
    expect(entries(randomBits(key, [30, 50]))).toEqual(entries(randomBits(key, [1500])));
  });
  test("the first word of key 0 is the vector's", () =>
    expect(hexOf(randomBits(randomKey(0), [1]).data)).toBe("6b200159"));
});

describe("keys", () => {
  test("hold all of a seed", () => {
    expect(randomKey(2 ** 40 + 5).toArray()).toEqual([256, 5]);
    expect(randomKey(2 ** 32 - 1).toArray()).toEqual([0, -1]);
    expect(() => randomKey(-1)).toThrow("randomKey: expected a whole number from 0 to 2^53 - 1, found -1");
    expect(() => randomKey(0.5)).toThrow("found 0.5");
  });
  test("that are split or folded differ from each other and give other numbers", () => {
    const key = randomKey(3);
    const keys = [key, ...splitKey(key, 5), foldIn(key, 0), foldIn(key, 1), foldIn(key, -1)];
    const drawn = keys.map((k) => entries(randomBits(k, [2])).join());
    expect(new Set(keys.map((k) => k.toArray()?.toString())).size).toBe(keys.length);
    expect(new Set(drawn).size).toBe(keys.length);
  });
  test("are int32 of shape [2], and anything else is refused", () => {
    expect(() => uniform(tensor([1, 2]), [3])).toThrow(
      "uniform: expected a key, found float32 of shape [2]; make one with randomKey(seed) or splitKey(key)",
    );
    expect(() => splitKey(randomKey(1), -1)).toThrow("splitKey: expected a number of keys of at least 0, found -1");
    expect(() => foldIn(randomKey(1), 0.5)).toThrow("foldIn: expected a whole number, found 0.5");
  });
});

describe("distributions", () => {
  test.each(["float32", "float64"] as const)("uniform in %s", (dtype) => {
    const u = entries(uniform(randomKey(11), [count], { dtype }));
    expect(Math.min(...u)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...u)).toBeLessThan(1);
    expect(kolmogorov(u, (x) => x)).toBeLessThan(critical(count));
    // Neighbours are uncorrelated: standard error 1/√n.
    const centred = u.map((x) => (x - 0.5) * Math.sqrt(12));
    expect(Math.abs(centred.slice(1).reduce((n, x, k) => n + x * centred[k], 0) / count)).toBeLessThan(
      4 / Math.sqrt(count),
    );
  });
  test("uniform between bounds", () => {
    const u = entries(uniform(randomKey(11), [count], { from: -3, to: 5 }));
    expect(kolmogorov(u, (x) => (x + 3) / 8)).toBeLessThan(critical(count));
  });
  test.each(["float32", "float64"] as const)("normal in %s", (dtype) => {
    const z = entries(normal(randomKey(12), [count / 4, 4], { dtype }));
    expect(kolmogorov(z, phi)).toBeLessThan(critical(count));
    // Standard errors of the moments of a normal sample: 1, √2, √15, √96 by √n.
    expect(Math.abs(moment(z, 1))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(moment(z, 2) - 1)).toBeLessThan((4 * Math.SQRT2) / Math.sqrt(count));
    expect(Math.abs(moment(z, 3))).toBeLessThan((4 * Math.sqrt(15)) / Math.sqrt(count));
    expect(Math.abs(moment(z, 4) - 3)).toBeLessThan((4 * Math.sqrt(96)) / Math.sqrt(count));
  });
  test("normal of an odd number, of one, of none", () => {
    expect(normal(randomKey(1), [3]).shape).toEqual([3]);
    expect(Number.isFinite(normal(randomKey(1), []).item())).toBe(true);
    expect(normal(randomKey(1), [2, 0]).shape).toEqual([2, 0]);
  });
  test.each([
    [-1, 2],
    [3, 4],
    [-9, -8],
    [8, Number.POSITIVE_INFINITY],
  ])("the normal between %d and %d", (low, high) => {
    const z = entries(truncatedNormal(randomKey(13), [count], low, high, { dtype: "float64" }));
    expect(Math.min(...z)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...z)).toBeLessThanOrEqual(high);
    // The upper tail by its mirror image, where the distribution function keeps its digits.
    const [from, to] = low > 0 ? [phi(-high), phi(-low)] : [phi(low), phi(high)];
    const share = (x: number) => (low > 0 ? 1 - (phi(-x) - from) / (to - from) : (phi(x) - from) / (to - from));
    expect(kolmogorov(z, share)).toBeLessThan(critical(count));
  });
  test("bernoulli's frequencies, for one probability and for several", () => {
    for (const p of [0, 0.3, 1]) {
      const share = moment(entries(bernoulli(randomKey(14), p, [count])), 1);
      expect(Math.abs(share - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / count));
    }
    expect(bernoulli(randomKey(14), tensor([0, 1, 0, 1])).toArray()).toEqual([0, 1, 0, 1]);
  });
  test("categorical's frequencies are the softmax", () => {
    const logits = tensor([0, 1, 2, -1]);
    const drawn = entries(
      categorical(randomKey(15), add(logits, tensor(new Float32Array(count), { shape: [count, 1] }))),
    );
    entries(softmax(logits)).forEach((p, k) => {
      const share = drawn.filter((c) => c === k).length / count;
      expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / count));
    });
  });
  test("a permutation holds each number once, and every order comes up", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 50 }), (seed, n) => {
        expect(entries(sort(permutation(randomKey(seed), n)))).toEqual(Array.from({ length: n }, (_, k) => k));
      }),
    );
    const orders = splitKey(randomKey(16), 1200).map((key) => entries(permutation(key, 3)).join());
    expect(new Set(orders).size).toBe(6);
    for (const order of new Set(orders))
      expect(Math.abs(orders.filter((o) => o === order).length - 200)).toBeLessThan(4 * Math.sqrt((1200 * 5) / 36));
    const rows = reshape(tensor([1, 2, 3, 4, 5, 6]), [3, 2]);
    const shuffled = permutation(randomKey(1), rows).toArray() as number[][];
    expect(shuffled.map(([a]) => a).sort()).toEqual([1, 3, 5]);
    for (const [a, b] of shuffled) expect(b).toBe(a + 1);
  });
  test("errors", () => {
    expect(() => truncatedNormal(randomKey(1), [2], 1, 1)).toThrow(
      "truncatedNormal: expected low < high, found 1 and 1",
    );
    expect(() => uniform(randomKey(1), [-1])).toThrow(
      "uniform: expected sizes that are whole numbers of at least 0, found [-1]",
    );
  });
});

describe("normalQuantile", () => {
  test("is the inverse of the distribution function", () =>
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 0.999, noNaN: true }), (p) => {
        const x = normalQuantile(tensor(Float64Array.of(p))).item();
        // What one unit in the last place of x changes in Φ(x).
        const slope = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
        expect(Math.abs(phi(x) - p)).toBeLessThan(4e-16 * (p + slope * Math.abs(x)) * 4);
      }),
    ));
  test("has its limits", () =>
    expect(normalQuantile(tensor([0, 0.5, 1, -1, 2])).toArray()).toEqual([
      -Infinity,
      0,
      Infinity,
      Number.NaN,
      Number.NaN,
    ]));
});
