import { describe, expect, test } from "vitest";
import { erf, erfc, gelu, logAddExp, sigmoid, softplus } from "../src/special.js";

/** How many float64 steps apart two numbers of one sign are. */
function ulps(a: number, b: number): number {
  const bits = new BigInt64Array(new Float64Array([a, b]).buffer);
  const difference = Number(bits[0]! - bits[1]!);
  return Math.abs(difference);
}

// Reference values: 60-digit arithmetic from the definitions (mpmath), at arguments that float64 holds as written.
const references: Record<string, { f: (x: number) => number; values: [number, number][] }> = {
  erf: {
    f: erf,
    values: [
      [1e-300, 1.1283791670955126e-300],
      [1e-8, 1.1283791670955126e-8],
      [0.25, 0.27632639016823696],
      [0.5, 0.5204998778130465],
      [0.75, 0.7111556336535151],
      [0.9999, 0.8426592780487595],
      [1, 0.8427007929497149],
      [1.25, 0.9229001282564583],
      [2, 0.9953222650189527],
      [3.5, 0.9999992569016276],
      [5.75, 0.9999999999999996],
      [-1.5, -0.9661051464753108],
    ],
  },
  erfc: {
    f: erfc,
    values: [
      [-3, 1.9999779095030015],
      [-0.75, 1.7111556336535152],
      [-0.25, 1.276326390168237],
      [0.25, 0.7236736098317631],
      [0.4999, 0.4795880048386134],
      [0.5, 0.4795001221869535],
      [0.75, 0.28884436634648486],
      [1, 0.15729920705028513],
      [1.5, 0.033894853524689274],
      [2.5, 0.0004069520174449589],
      [4.25, 1.8505741373867425e-9],
      [7.0625, 1.7221993754498967e-23],
      [12.3, 9.029925149482068e-68],
      [20.7, 2.2085481102488885e-188],
      [26.5, 2.2109076642637343e-307],
      [27.1, 2.33e-321],
    ],
  },
  gelu: {
    f: gelu,
    values: [
      [-38, -1.096462777e-314],
      [-30.3, -1.736712221504595e-200],
      [-12.7, -3.754736413362103e-36],
      [-5.25, -3.992604271156575e-7],
      [-2, -0.04550026389635842],
      [-1, -0.15865525393145705],
      [-0.71, -0.16958496834389059],
      [-0.7, -0.1693745565561511],
      [-0.25, -0.10032341857926907],
      [1e-10, 5.000000000398942e-11],
      [0.25, 0.14967658142073093],
      [1, 0.8413447460685429],
      [3, 2.99595030590511],
      [8, 7.999999999999995],
      [40, 40],
    ],
  },
  sigmoid: {
    f: sigmoid,
    values: [
      [-740, 4.2e-322],
      [-50.5, 1.1698459177061964e-22],
      [-3, 0.04742587317756678],
      [-0.5, 0.37754066879814546],
      [0.25, 0.5621765008857981],
      [2, 0.8807970779778824],
      [40, 1],
    ],
  },
  softplus: {
    f: softplus,
    values: [
      [-740, 4.2e-322],
      [-50.5, 1.1698459177061964e-22],
      [-3, 0.04858735157374206],
      [-0.5, 0.4740769841801067],
      [0.25, 0.8259394198788436],
      [2, 2.1269280110429727],
      [40, 40],
      [800, 800],
    ],
  },
};

describe.each(Object.entries(references))("%s", (_, { f, values }) => {
  test.each(values)("at %d is within 2 units in the last place of its reference", (x, expected) => {
    expect(ulps(f(x), expected)).toBeLessThanOrEqual(2);
  });
  test("carries not-a-number through", () => expect(f(NaN)).toBeNaN());
});

describe("limits", () => {
  test("erf is odd and saturates", () => {
    expect(erf(-0)).toBe(-0);
    expect(erf(Infinity)).toBe(1);
    expect(erf(-Infinity)).toBe(-1);
    expect(erf(-0.7)).toBe(-erf(0.7));
  });
  test("erfc goes from 2 to 0", () => {
    expect(erfc(-Infinity)).toBe(2);
    expect(erfc(Infinity)).toBe(0);
    expect(erfc(0)).toBe(1);
  });
  test("gelu, sigmoid and softplus have their asymptotes", () => {
    expect(gelu(Infinity)).toBe(Infinity);
    expect(gelu(-Infinity)).toBe(-0);
    expect(sigmoid(-Infinity)).toBe(0);
    expect(sigmoid(Infinity)).toBe(1);
    expect(softplus(-Infinity)).toBe(0);
    expect(softplus(Infinity)).toBe(Infinity);
  });
  test("log-add-exp neither overflows nor loses its infinities", () => {
    expect(logAddExp(1000, 1000)).toBe(1000 + Math.LN2);
    expect(logAddExp(-Infinity, -Infinity)).toBe(-Infinity);
    expect(logAddExp(Infinity, Infinity)).toBe(Infinity);
    expect(logAddExp(-Infinity, 3)).toBe(3);
    expect(logAddExp(0, 1)).toBeCloseTo(1.3132616875182228, 15);
    expect(logAddExp(NaN, 0)).toBeNaN();
  });
});
