import { describe, expect, test } from "vitest";
import { erf, gelu, power, sigmoid, softplus } from "../../src/special.js";
import { type UnaryRoutineName, unaryRoutineNames } from "../../src/wasm/math/index.js";
import { float64Error, oracles } from "./oracle.js";
import { runBinary, runUnary } from "./routines.js";

/** Deterministic numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const high = state >>> 5;
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (high * 67108864 + (state >>> 6)) / 9007199254740992;
  };
}

interface Domain {
  /** Uniform samples are drawn from here, and the exponents' samples clipped to it. */
  readonly from: number;
  readonly to: number;
  /** Where the function bends: many samples near them, on both sides. */
  readonly near?: readonly number[];
}

const everywhere = Number.MAX_VALUE;
const domains: Record<UnaryRoutineName, Domain> = {
  exp: { from: -746, to: 709.78, near: [-708.4, -744.4, 709.7, 0.3466] },
  expm1: { from: -746, to: 709.78, near: [-0.3466, 0.3466, -37, -1.04] },
  log: { from: 2 ** -1074, to: everywhere, near: [1, Math.SQRT1_2, Math.SQRT2, 2 ** -1022] },
  log1p: { from: -1 + 2 ** -53, to: everywhere, near: [0, -0.2929, 0.4142, -0.9999] },
  sigmoid: { from: -745, to: 746, near: [0, 0.3466, -0.3466, -708, 37] },
  softplus: { from: -745, to: everywhere, near: [0, -0.3466, 0.8814, -37, 37] },
  tanh: { from: -40, to: 40, near: [0.1733, 19, 0.5, 1] },
  sinh: { from: -710.4, to: 710.4, near: [0.3466, 1.04, 710, 20] },
  cosh: { from: -710.4, to: 710.4, near: [0.3466, 1.04, 710, 20] },
  sin: { from: -everywhere, to: everywhere, near: [Math.PI, Math.PI / 4, 355, 1e6, 2 ** -27] },
  cos: { from: -everywhere, to: everywhere, near: [Math.PI / 2, Math.PI / 4, 355, 1e6, 33 * Math.PI] },
  tan: { from: -everywhere, to: everywhere, near: [Math.PI / 2, Math.PI / 4, 355, 1e6, 11] },
  asin: { from: -1, to: 1, near: [0.5, 1, -1, -0.5] },
  acos: { from: -1, to: 1, near: [0.5, 1, -1, -0.5, 0] },
  atan: { from: -everywhere, to: everywhere, near: [Math.SQRT2 - 1, Math.SQRT2 + 1, 1] },
  erf: { from: -6.5, to: 6.5, near: [1, -1, 5.9, 0.5] },
  gelu: { from: -39, to: 39, near: [-0.71, 0.7, -38, -37.5, 8.3] },
  rsqrt: { from: 2 ** -1074, to: everywhere, near: [1, 2, 4] },
};

function samples({ from, to, near = [] }: Domain): Float64Array {
  const random = generator(1);
  const values: number[] = [];
  const keep = (x: number) => {
    if (x >= from && x <= to) values.push(x);
  };
  for (let exponent = -1074; exponent < 1024; exponent += 5) {
    keep((1 + random()) * 2 ** exponent);
    keep(-(1 + random()) * 2 ** exponent);
  }
  for (let i = 0; i < 400; i++) {
    keep((1 + random()) * 2 ** Math.floor(random() * 14 - 10) * (i % 2 ? 1 : -1));
    keep(Math.max(from, -50) + random() * (Math.min(to, 50) - Math.max(from, -50)));
  }
  for (let i = 0; i < 50; i++) keep(Math.max(from, -1e3) + random() * (Math.min(to, 1e3) - Math.max(from, -1e3)));
  for (const x of near) {
    keep(x);
    for (let i = 0; i < 25; i++) keep(x * (1 + (random() - 0.5) * 2 ** -(2 * i)));
  }
  return Float64Array.from(values);
}

describe.each(unaryRoutineNames)("%s in float64", (name) => {
  test("is within 2 units in the last place of its value to hundreds of digits", { timeout: 60_000 }, () => {
    const x = samples(domains[name]);
    const y = runUnary(name, "float64", x);
    for (let i = 0; i < x.length; i++) {
      const error = float64Error(y[i]!, oracles[name]!(x[i]!, 0));
      if (!(error <= 2)) throw new Error(`${name}(${x[i]}) = ${y[i]}: ${error} units off`);
    }
    expect(x.length).toBeGreaterThan(300);
  });
});

/** Exact results, by the definitions in the language's standard or as limits. */
const edges: Record<UnaryRoutineName, (x: number) => number> = {
  ...{ exp: Math.exp, expm1: Math.expm1, log: Math.log, log1p: Math.log1p, tanh: Math.tanh, sinh: Math.sinh },
  ...{ cosh: Math.cosh, sin: Math.sin, cos: Math.cos, tan: Math.tan, asin: Math.asin, acos: Math.acos },
  ...{ atan: Math.atan, erf, gelu, sigmoid, softplus },
  rsqrt: (x) => 1 / Math.sqrt(x),
};

test.each(unaryRoutineNames)("%s is right at zeros, infinities, not-a-number and beyond its range", (name) => {
  const x = Float64Array.of(0, -0, Infinity, -Infinity, NaN, -1.5, 800, -800, 1e300, -1e300, 5e-324, -5e-324, 1, -1);
  const y = runUnary(name, "float64", x);
  for (let i = 0; i < x.length; i++) {
    const expected = edges[name](x[i]!);
    const isExact = expected === 0 || !Number.isFinite(expected);
    if (isExact) expect(y[i], `${name}(${x[i]})`).toBe(expected);
    else expect(Math.abs(y[i]! - expected), `${name}(${x[i]})`).toBeLessThanOrEqual(Math.abs(expected) * 1e-15);
  }
});

describe("pow", () => {
  test("is within 2 units in float64", { timeout: 60_000 }, () => {
    const random = generator(3);
    const [x, y]: [number[], number[]] = [[], []];
    for (let i = 0; i < 700; i++) {
      const base = (1 + random()) * 2 ** Math.floor(i % 3 === 0 ? random() * 2000 - 1000 : random() * 8 - 4);
      // An exponent for which the result stays in range, up to its edges.
      const limit = 745 / Math.max(1e-300, Math.abs(Math.log(base)));
      x.push(base);
      y.push((random() * 2 - 1) * limit);
    }
    for (let i = 0; i < 300; i++) {
      x.push(1 + (random() - 0.5) * 2 ** -(i % 52));
      y.push((random() - 0.5) * 2 ** Math.min(60, i % 70));
    }
    const z = runBinary("pow", "float64", Float64Array.from(x), Float64Array.from(y));
    for (let i = 0; i < x.length; i++) {
      if (Math.abs(y[i]! * Math.log(x[i]!)) > 745) continue;
      const error = float64Error(z[i]!, oracles.pow!(x[i]!, y[i]!));
      if (!(error <= 2)) throw new Error(`pow(${x[i]}, ${y[i]}) = ${z[i]}: ${error} units off`);
    }
  });
  const values = [0, -0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1e300, -1e300, 1e-300, Infinity, -Infinity, NaN, 2 ** 53];
  test.each(["float32", "float64"] as const)("follows IEEE 754 in %s", (dtype) => {
    const Make = dtype === "float32" ? Float32Array : Float64Array;
    const x = Make.from(values.flatMap((a) => values.map(() => a)));
    const y = Make.from(values.flatMap(() => values));
    const z = runBinary("pow", dtype, x, y);
    for (let i = 0; i < x.length; i++) {
      const exact = power(x[i]!, y[i]!);
      const expected = dtype === "float32" ? Math.fround(exact) : exact;
      const isExact = expected === 0 || !Number.isFinite(expected);
      if (isExact) expect(z[i], `${x[i]} ** ${y[i]}`).toBe(expected);
      else
        expect(Math.abs(z[i]! / expected - 1), `${x[i]} ** ${y[i]}`).toBeLessThan(dtype === "float32" ? 2e-7 : 3e-16);
    }
  });
});

describe("atan2", () => {
  test("is within 2 units in float64", { timeout: 60_000 }, () => {
    const random = generator(4);
    const [y, x]: [number[], number[]] = [[], []];
    for (let i = 0; i < 600; i++) {
      const scale = 2 ** Math.floor(random() * 1900 - 950);
      const sign = () => (random() < 0.5 ? -1 : 1);
      y.push(sign() * (1 + random()) * scale);
      x.push(sign() * (1 + random()) * scale * 2 ** Math.floor(random() * 12 - 6));
    }
    const z = runBinary("atan2", "float64", Float64Array.from(y), Float64Array.from(x));
    for (let i = 0; i < x.length; i++) {
      const error = float64Error(z[i]!, oracles.atan2!(y[i]!, x[i]!));
      if (!(error <= 2)) throw new Error(`atan2(${y[i]}, ${x[i]}) = ${z[i]}: ${error} units off`);
    }
  });
  const values = [0, -0, 1, -1, 5e-324, -5e-324, 1.5e-323, 1e308, -1e308, Infinity, -Infinity, NaN];
  test("is right at zeros, infinities and subnormals", () => {
    const y = Float64Array.from(values.flatMap((a) => values.map(() => a)));
    const x = Float64Array.from(values.flatMap(() => values));
    const z = runBinary("atan2", "float64", y, x);
    for (let i = 0; i < x.length; i++) {
      const expected = Math.atan2(y[i]!, x[i]!);
      if (expected === 0 || Number.isNaN(expected)) expect(z[i], `atan2(${y[i]}, ${x[i]})`).toBe(expected);
      else expect(Math.abs(z[i]! - expected), `atan2(${y[i]}, ${x[i]})`).toBeLessThanOrEqual(4.5e-16);
    }
  });
});
