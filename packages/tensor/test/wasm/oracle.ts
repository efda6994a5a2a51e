/**
 * Elementary functions in fixed point with BigInt: value·2^bits, slow and to hundreds of digits. They are written from
 * the definitions (series, halving, Machin's π), so they share nothing with the routines they judge.
 */

const bits = 1200n;
const one = 1n << bits;

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> bits;
const divide = (a: bigint, b: bigint): bigint => (a << bits) / b;

function memo(make: () => bigint): () => bigint {
  let value: bigint | undefined;
  return () => {
    value ??= make();
    return value;
  };
}

/** Σ sign^i·x^(2i+1)/(2i+1): artanh for sign 1, arctan for −1; |x| well below 1. */
function oddSeries(x: bigint, sign: bigint): bigint {
  const square = multiply(x, x) * sign;
  let power = x;
  let sum = 0n;
  for (let i = 1n; power !== 0n && power !== -1n; i += 2n) {
    sum += power / i;
    power = multiply(power, square);
  }
  return sum;
}

const ln2 = memo(() => 2n * oddSeries(one / 3n, 1n));
const pi = memo(() => 4n * (4n * oddSeries(one / 5n, -1n) - oddSeries(one / 239n, -1n)));

/** The float64 number, exactly, if it is a multiple of 2^−bits: all are. */
export function fromNumber(x: number): bigint {
  const word = new BigUint64Array(Float64Array.of(x).buffer)[0]!;
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & ((1n << 52n) - 1n);
  const significand = exponent === 0n ? fraction : fraction | (1n << 52n);
  const shift = bits + (exponent === 0n ? 1n : exponent) - 1075n;
  const size = shift >= 0n ? significand << shift : significand >> -shift;
  return word >> 63n ? -size : size;
}

function squareRoot(x: bigint): bigint {
  const target = x << bits;
  if (target === 0n) return 0n;
  let guess = 1n << BigInt((target.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + target / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

function exp(x: bigint): bigint {
  const n = x / ln2();
  const halvings = 12n;
  const r = (x - n * ln2()) >> halvings;
  let term = one;
  let sum = one;
  for (let i = 1n; term !== 0n && term !== -1n; i++) {
    term = multiply(term, r) / i;
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = multiply(sum, sum);
  return n >= 0n ? sum << n : sum >> -n;
}

function log(x: bigint): bigint {
  let k = BigInt(x.toString(2).length) - bits;
  let m = k >= 0n ? x >> k : x << -k;
  if (m < (one * 7n) / 10n) {
    m = x << (1n - k);
    if (k > 1n) m = x >> (k - 1n);
    k -= 1n;
  }
  return k * ln2() + 2n * oddSeries(divide(m - one, m + one), 1n);
}

function sinCos(x: bigint): [bigint, bigint] {
  const halvings = 8n;
  const r = x >> halvings;
  let term = one;
  const sums = [0n, 0n, 0n, 0n] as [bigint, bigint, bigint, bigint];
  for (let i = 1n; term !== 0n && term !== -1n; i++) {
    sums[Number((i - 1n) % 4n) as 0 | 1 | 2 | 3] += term;
    term = multiply(term, r) / i;
  }
  let [sin, cos] = [sums[1] - sums[3], sums[0] - sums[2]];
  for (let i = 0n; i < halvings; i++) [sin, cos] = [2n * multiply(sin, cos), multiply(cos, cos) - multiply(sin, sin)];
  return [sin, cos];
}

/** x less the nearest multiple of 2π, with as many more digits of π as x has before its point. */
function reduce(x: bigint): bigint {
  const extra = 1100n;
  const long = piTo(bits + extra);
  const turns = (x << extra) / (2n * long);
  return ((x << extra) - turns * 2n * long) >> extra;
}

let longPi = 0n;
function piTo(precision: bigint): bigint {
  if (longPi !== 0n) return longPi;
  const arctanReciprocal = (x: bigint): bigint => {
    let power = (1n << precision) / x;
    let sum = power;
    for (let i = 3n; power !== 0n; i += 2n) {
      power /= -x * x;
      sum += power / i;
    }
    return sum;
  };
  longPi = 4n * (4n * arctanReciprocal(5n) - arctanReciprocal(239n));
  return longPi;
}

function atan(x: bigint): bigint {
  if (x < 0n) return -atan(-x);
  if (x > one) return pi() / 2n - atan(divide(one, x));
  let t = x;
  const halvings = 6n;
  for (let i = 0n; i < halvings; i++) t = divide(t, one + squareRoot(one + multiply(t, t)));
  return oddSeries(t, -1n) << halvings;
}

function atan2(y: bigint, x: bigint): bigint {
  if (x === 0n) return y > 0n ? pi() / 2n : -pi() / 2n;
  const angle = atan(divide(y, x));
  if (x > 0n) return angle;
  return y >= 0n ? angle + pi() : angle - pi();
}

/** e^(−x²/2)·Σ x^(2n+1)/(2n+1)!!, the integral of e^(−t²/2) from 0 to x: no term cancels another. */
function gaussIntegral(x: bigint): bigint {
  const square = multiply(x, x);
  let power = x;
  let sum = 0n;
  for (let n = 3n; power !== 0n && power !== -1n; n += 2n) {
    sum += power;
    power = multiply(power, square) / n;
  }
  return divide(sum, exp(square / 2n)); // dividing keeps the digits that a small factor would have lost
}

const erf = (x: number): bigint =>
  divide(2n * gaussIntegral(multiply(fromNumber(x), squareRoot(2n * one))), squareRoot(2n * pi()));

const half = (x: bigint): bigint => x >> 1n;
const reciprocal = (x: bigint): bigint => divide(one, x);
const sigmoid = (x: bigint): bigint => reciprocal(one + exp(-x));

/** By the routines' names; the argument is finite and in the function's domain. */
export const oracles: Readonly<Record<string, (x: number, y: number) => bigint>> = {
  exp: (x) => exp(fromNumber(x)),
  expm1: (x) => exp(fromNumber(x)) - one,
  log: (x) => log(fromNumber(x)),
  log1p: (x) => log(one + fromNumber(x)),
  sigmoid: (x) => sigmoid(fromNumber(x)),
  softplus: (x) => (x > 0 ? fromNumber(x) : 0n) + log(one + exp(fromNumber(-Math.abs(x)))),
  tanh: (x) => {
    const e = exp(2n * fromNumber(x));
    return divide(e - one, e + one);
  },
  sinh: (x) => half(exp(fromNumber(x)) - exp(-fromNumber(x))),
  cosh: (x) => half(exp(fromNumber(x)) + exp(-fromNumber(x))),
  sin: (x) => sinCos(reduce(fromNumber(x)))[0],
  cos: (x) => sinCos(reduce(fromNumber(x)))[1],
  tan: (x) => {
    const [sin, cos] = sinCos(reduce(fromNumber(x)));
    return divide(sin, cos);
  },
  asin: (x) => atan2(fromNumber(x), squareRoot(one - multiply(fromNumber(x), fromNumber(x)))),
  acos: (x) => atan2(squareRoot(one - multiply(fromNumber(x), fromNumber(x))), fromNumber(x)),
  atan: (x) => atan(fromNumber(x)),
  atan2: (y, x) => atan2(fromNumber(y), fromNumber(x)),
  erf: (x) => (Math.abs(x) > 30 ? BigInt(Math.sign(x)) * one : erf(x)),
  gelu: (x) => {
    if (Math.abs(x) > 42) return x > 0 ? fromNumber(x) : 0n;
    const point = fromNumber(x);
    return multiply(point, half(one) + divide(gaussIntegral(point), squareRoot(2n * pi())));
  },
  pow: (x, y) => exp(multiply(fromNumber(y), log(fromNumber(x)))),
  rsqrt: (x) => reciprocal(squareRoot(fromNumber(x))),
};

/** How many float64 steps `found` is from the exact value. */
export function float64Error(found: number, exact: bigint): number {
  if (Number.isNaN(found)) return Infinity;
  const size = exact < 0n ? -exact : exact;
  const length = BigInt(size.toString(2).length);
  if (!Number.isFinite(found)) return length - bits > 1023n && found > 0 === exact > 0n ? 0 : Infinity;
  const exponent = length - 53n; // of a step, in units of 2^−bits
  const least = bits - 1074n;
  const step = 1n << (exponent > least ? exponent : least);
  const difference = fromNumber(found) - exact;
  return Math.abs(Number((difference * 4096n) / step)) / 4096;
}
