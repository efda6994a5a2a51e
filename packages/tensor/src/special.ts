/** Special functions of one number in float64: the reference that every other back end is compared with. */

import { erfNearZero, scaledComplement, scaledComplementLow } from "./erfCoefficients.js";

/** c[from] + c[from+1]·x + … */
function horner(coefficients: readonly number[], x: number, from = 0): number {
  let value = 0;
  for (let i = coefficients.length - 1; i >= from; i--) value = value * x + coefficients[i]!;
  return value;
}

/** What a·b loses to rounding, exactly, given product = fl(a·b) (Dekker 1971, with Veltkamp's splitting). */
function productError(a: number, b: number, product: number): number {
  const splitter = 134217729; // 2²⁷ + 1
  const aScaled = a * splitter;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = b * splitter;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/**
 * factor·erfc(x) where x² is given apart: x ≥ 1/2, x² = square + squareLow. The last two steps of the polynomial and the
 * quotient are carried in two numbers, so that what remains is little more than the error of `Math.exp`.
 */
function complement(x: number, square: number, squareLow: number, factor: number): number {
  if (x > 28) return factor * 0;
  const q = (x - 3) / (x + 3);
  const tail = q * horner(scaledComplement, q, 1);
  const head = scaledComplement[0]!;
  const numerator = head + tail;
  const numeratorLow = head - numerator + tail + scaledComplementLow;
  const denominator = 1 + 2 * x;
  const denominatorLow = 2 * x - (denominator - 1);
  const quotient = numerator / denominator;
  const product = quotient * denominator;
  const residual =
    numerator - product - productError(quotient, denominator, product) + (numeratorLow - quotient * denominatorLow);
  const quotientLow = residual / denominator - quotient * squareLow;
  // Where the result is subnormal, exp would round too early: scale by e¹⁰⁰ and back.
  if (square > 600) {
    const scaled = Math.exp(100 - square);
    return factor * (scaled * quotient + scaled * quotientLow) * Math.exp(-100);
  }
  const exponential = Math.exp(-square);
  return factor * (exponential * quotient + exponential * quotientLow);
}

/** 1 − erf(x) = 2/√π ∫ₓ^∞ exp(−t²) dt, to full relative accuracy for large x. */
export function erfc(x: number): number {
  if (x < 0.5) return x < -0.5 ? 2 - erfc(-x) : 1 - erf(x);
  const square = x * x;
  return complement(x, square, x > 28 ? 0 : productError(x, x, square), 1);
}

/** 2/√π ∫₀ˣ exp(−t²) dt. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size <= 1) return x + x * horner(erfNearZero, x * x);
  return x > 0 ? 1 - erfc(size) : erfc(size) - 1;
}

/**
 * x·Φ(x), Φ the distribution function of the standard normal (Hendrycks and Gimpel, "Gaussian error linear units",
 * 2016, the exact form). The negative tail keeps its relative accuracy: Φ(x) = erfc(−x/√2)/2.
 */
export function gelu(x: number): number {
  const scaled = x * Math.SQRT1_2;
  if (scaled > -0.5) return x * (0.5 + 0.5 * erf(scaled));
  if (scaled < -28) return -0;
  const square = x * x;
  return complement(-scaled, 0.5 * square, 0.5 * productError(x, x, square), 0.5 * x);
}

/** 1 / (1 + exp(−x)), without overflow on either side. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const exponential = Math.exp(x);
  return exponential / (1 + exponential);
}

/** log(1 + exp(x)), without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** log(exp(a) + exp(b)), without overflow; −∞ stands for log 0. */
export function logAddExp(a: number, b: number): number {
  if (a === b) return a + Math.LN2;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** x^y after IEEE 754: 1^y = 1 and (−1)^±∞ = 1, where ECMAScript says not a number. */
export const power = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y);
