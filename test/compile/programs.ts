import {
  abs,
  add,
  argmax,
  avgPool2d,
  broadcastTo,
  cast,
  ceil,
  concat,
  conv2d,
  cos,
  cumsum,
  type DType,
  div,
  einsum,
  equal,
  erf,
  exp,
  expandDims,
  flip,
  floor,
  gelu,
  greater,
  isFloating,
  less,
  log,
  logicalNot,
  logSumExp,
  matmul,
  matrixTranspose,
  max,
  maximum,
  maxPool2d,
  mean,
  min,
  minimum,
  mul,
  neg,
  notEqual,
  pad,
  permute,
  reshape,
  round,
  scatterAdd,
  sigmoid,
  sign,
  sin,
  slice,
  softmax,
  softplus,
  sort,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  take,
  tanh,
  tensor,
  tile,
  where,
} from "@kinship/tensor";
import fc from "fast-check";

/** A tensor of a random program, with what is known of its numbers whatever they are. */
interface Known {
  readonly x: Tensor;
  /** The largest size a number can have. */
  readonly bound: number;
  /** Numbers are multiples of this power of two; 0 where they are rounded. */
  readonly unit: number;
  /** How far two right ways to compute it can be apart. */
  readonly error: number;
}

/** One instruction of a random program: the operation and its operands and choices, all taken modulo what there is. */
export interface Line {
  readonly operation: number;
  readonly operands: readonly number[];
  readonly choices: readonly number[];
}

export interface RandomProgram {
  readonly inputs: readonly { readonly shape: readonly number[]; readonly dtype: DType; readonly seed: number }[];
  readonly lines: readonly Line[];
  readonly outputs: readonly number[];
}

const dtypes: readonly DType[] = ["float32", "float64", "int32", "uint8"];
/** Larger values are not made: programs stay quick. */
const mostElements = 6000;
/** Larger numbers are not made: they would end in infinities, whose differences say nothing. */
const largest = 2 ** 20;

const precision = (dtype: DType): number => (dtype === "float64" ? 2 ** -50 : 2 ** -21);
const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** What is known after an operation: whole numbers stay exact while they fit, others are rounded. */
function made(x: Tensor, bound: number, unit: number, error: number): Known {
  if (!isFloating(x.dtype))
    return { x, bound: Math.min(bound, x.dtype === "uint8" ? 255 : 2 ** 31), unit: 1, error: 0 };
  const fits = unit > 0 && bound / unit <= (x.dtype === "float32" ? 2 ** 24 : 2 ** 53);
  if (fits && error === 0) return { x, bound, unit, error: 0 };
  return { x, bound, unit: 0, error: error + bound * precision(x.dtype) };
}

const isExact = (k: Known): boolean => k.error === 0;
const finer = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : Math.min(a, b));

/** Takes choices one after another. */
class Choices {
  #at = 0;
  constructor(readonly line: Line) {}
  next(options: number): number {
    const { choices } = this.line;
    return choices[this.#at++ % choices.length] % Math.max(options, 1);
  }
  flag(): boolean {
    return this.next(2) === 1;
  }
}

type Make = (operand: (k: number) => Known, choose: Choices, all: readonly Known[]) => Known | undefined;

const unaryExact =
  (f: (x: Tensor) => Tensor, bound: (b: number) => number, unit: (u: number) => number): Make =>
  (operand) => {
    const a = operand(0);
    return made(f(a.x), bound(a.bound), unit(a.unit), a.error);
  };

/** For operations that jump: only where the operand is exactly known. */
const jumps =
  (f: (x: Tensor) => Tensor, bound: (b: number) => number): Make =>
  (operand) => {
    const a = operand(0);
    return isExact(a) ? made(f(a.x), bound(a.bound), 1, 0) : undefined;
  };

/** A function with a bound on its slope, of operands that are not too large for it. */
const smooth =
  (f: (x: Tensor) => Tensor, bound: (b: number) => number, slope: (b: number) => number, most = largest): Make =>
  (operand) => {
    const a = operand(0);
    if (a.bound > most) return undefined;
    const y = f(a.x);
    return made(y, bound(a.bound), 0, slope(a.bound) * a.error);
  };

const fits = (a: readonly number[], b: readonly number[]): boolean => {
  const rank = Math.max(a.length, b.length);
  const shape = Array.from({ length: rank }, (_, k) => {
    const [p, q] = [a[a.length - rank + k] ?? 1, b[b.length - rank + k] ?? 1];
    return p === q || q === 1 ? p : p === 1 ? q : -1;
  });
  return !shape.includes(-1) && count(shape) <= mostElements;
};

/** The first operand and another that broadcasts with it, if need be its sum. */
function pair(operand: (k: number) => Known, all: readonly Known[], choose: Choices): [Known, Known] {
  const a = operand(0);
  const from = choose.next(all.length);
  for (let k = 0; k < all.length; k++) {
    const b = all[(from + k) % all.length];
    if (fits(a.x.shape, b.x.shape)) return choose.flag() ? [b, a] : [a, b];
  }
  return [a, a];
}

const binary =
  (
    f: (a: Tensor, b: Tensor) => Tensor,
    bound: (a: number, b: number) => number,
    unit: (a: number, b: number) => number,
    error: (a: Known, b: Known) => number,
  ): Make =>
  (operand, choose, all) => {
    const [a, b] = pair(operand, all, choose);
    return made(f(a.x, b.x), bound(a.bound, b.bound), unit(a.unit, b.unit), error(a, b));
  };

const compares =
  (f: (a: Tensor, b: Tensor) => Tensor): Make =>
  (operand, choose, all) => {
    const [a, b] = pair(operand, all, choose);
    return isExact(a) && isExact(b) ? made(f(a.x, b.x), 1, 1, 0) : undefined;
  };

/** Views and other moves: the numbers stay what they are. */
const moves =
  (f: (x: Tensor, choose: Choices) => Tensor | undefined): Make =>
  (operand, choose) => {
    const a = operand(0);
    const x = f(a.x, choose);
    return x && { ...a, x };
  };

const someAxes = ({ dimension }: Tensor, choose: Choices): number[] => {
  const axes = Array.from({ length: dimension }, (_, k) => k).filter(() => choose.flag());
  return axes.length === 0 && dimension > 0 ? [choose.next(dimension)] : axes;
};

const rotated = <T>(list: readonly T[], by: number): T[] => list.map((_, k) => list[(k + by) % list.length]);

const dotError = (k: number, a: Known, b: Known): number => k * (a.error * b.bound + b.error * a.bound);

/** A product over `k` terms, computed in the result's type. */
const product = (x: Tensor, k: number, a: Known, b: Known): Known => {
  const bound = Math.max(k, 1) * a.bound * b.bound;
  const rounding = isExact(a) && isExact(b) && a.unit * b.unit > 0 ? 0 : k * bound * precision(x.dtype);
  return made(x, bound, a.unit * b.unit, dotError(k, a, b) + rounding);
};

const reduces =
  (
    f: (x: Tensor, options: { axis: number[]; keepDimensions: boolean }) => Tensor,
    bound: (b: number, n: number) => number,
    unit: (u: number) => number,
    nonEmpty: boolean,
  ): Make =>
  (operand, choose) => {
    const a = operand(0);
    const axis = someAxes(a.x, choose);
    const n = count(axis.map((k) => a.x.shape[k]));
    if (nonEmpty && n === 0) return undefined;
    const y = f(a.x, { axis, keepDimensions: choose.flag() });
    const whole = bound(a.bound, Math.max(n, 1));
    const rounding = a.unit > 0 ? 0 : n * whole * precision(y.dtype);
    return made(y, whole, unit(a.unit), Math.max(1, whole / a.bound) * a.error + rounding);
  };

const same = (b: number): number => b;

/** Everything that random programs are made of. An operation that does not suit its operand is left out. */
const operations: readonly Make[] = [
  unaryExact(neg, same, same),
  unaryExact(abs, same, same),
  unaryExact(
    square,
    (b) => b * b,
    (u) => u * u,
  ),
  jumps(floor, (b) => b + 1),
  jumps(ceil, (b) => b + 1),
  jumps(round, (b) => b + 1),
  jumps(sign, () => 1),
  jumps(logicalNot, () => 1),
  smooth(
    tanh,
    () => 1,
    () => 1,
  ),
  smooth(
    sigmoid,
    () => 1,
    () => 1,
  ),
  smooth(
    sin,
    () => 1,
    () => 1,
    1000,
  ),
  smooth(
    cos,
    () => 1,
    () => 1,
    1000,
  ),
  smooth(
    erf,
    () => 1,
    () => 1.2,
  ),
  smooth(exp, Math.exp, Math.exp, 6),
  smooth(
    softplus,
    (b) => b + 1,
    () => 1,
  ),
  smooth(gelu, same, () => 1.2),
  smooth(
    (x) => sqrt(add(abs(x), 1)),
    (b) => Math.sqrt(b + 1),
    () => 1,
  ),
  smooth(
    (x) => log(add(abs(x), 1)),
    (b) => Math.log(b + 1) + 1,
    () => 1,
  ),
  binary(
    add,
    (a, b) => a + b,
    finer,
    (a, b) => a.error + b.error,
  ),
  binary(
    sub,
    (a, b) => a + b,
    finer,
    (a, b) => a.error + b.error,
  ),
  binary(
    mul,
    (a, b) => a * b,
    (a, b) => a * b,
    (a, b) => a.error * b.bound + b.error * a.bound,
  ),
  binary(maximum, Math.max, finer, (a, b) => a.error + b.error),
  binary(minimum, Math.max, finer, (a, b) => a.error + b.error),
  (operand, choose, all) => {
    const [a, b] = pair(operand, all, choose);
    const below = add(square(tanh(b.x)), 1);
    return made(div(a.x, below), a.bound, 0, a.error + a.bound * (b.error + 4 * precision(below.dtype)));
  },
  compares(equal),
  compares(notEqual),
  compares(less),
  compares(greater),
  (operand, choose, all) => {
    const [a, b] = pair(operand, all, choose);
    const test = operand(1);
    const condition = isExact(test) && fits(test.x.shape, a.x.shape) && fits(test.x.shape, b.x.shape) ? test : a;
    if (!isExact(condition)) return undefined;
    const x = where(greater(condition.x, choose.next(3) - 1), a.x, b.x);
    if (x.size > mostElements) return undefined;
    return made(x, Math.max(a.bound, b.bound), finer(a.unit, b.unit), Math.max(a.error, b.error));
  },
  (operand, choose) => {
    const a = operand(0);
    const dtype = dtypes[choose.next(4)];
    if (isFloating(dtype)) return made(cast(a.x, dtype), a.bound, a.unit, a.error);
    return isExact(a) ? made(cast(a.x, dtype), a.bound, 1, 0) : undefined;
  },
  reduces(sum, (b, n) => b * n, same, false),
  reduces(sum, (b, n) => b * n, same, false),
  reduces(max, same, same, true),
  reduces(min, same, same, true),
  reduces(mean, same, () => 0, true),
  reduces(
    logSumExp,
    (b, n) => b + Math.log(n) + 1,
    () => 0,
    true,
  ),
  moves((x) => reshape(x, [x.size])),
  moves((x, choose) => {
    const factor = [2, 3, 4, 5, 7].find((d) => x.size > 0 && x.size % d === 0);
    return factor ? reshape(x, choose.flag() ? [factor, x.size / factor] : [x.size / factor, factor]) : undefined;
  }),
  moves((x, choose) => permute(x, rotated([...x.shape.keys()], 1 + choose.next(3)))),
  moves((x) => (x.dimension >= 2 ? matrixTranspose(x) : undefined)),
  moves((x, choose) =>
    slice(
      x,
      x.shape.map((size) => {
        const step = [1, 2, -1, -2, 3][choose.next(5)];
        const cut = choose.next(size + 1);
        return choose.flag() ? [null, null, step] : step > 0 ? [cut, null, step] : [null, cut, step];
      }),
    ),
  ),
  moves((x) => (x.dimension > 0 && x.shape[0] > 0 ? slice(x, [x.shape[0] - 1]) : undefined)),
  moves((x, choose) => (x.dimension > 0 ? flip(x, someAxes(x, choose)) : undefined)),
  moves((x, choose) => (x.dimension < 4 ? expandDims(x, choose.next(x.dimension + 1)) : undefined)),
  moves((x, choose) => {
    const size = 2 + choose.next(3);
    return x.size * size <= mostElements && x.dimension < 4 ? broadcastTo(x, [size, ...x.shape]) : undefined;
  }),
  moves((x, choose) =>
    x.size < 500 && x.dimension > 0
      ? tile(
          x,
          x.shape.map(() => 1 + choose.next(2)),
        )
      : undefined,
  ),
  moves((x, choose) => {
    const widths = x.shape.map(() => [choose.next(3), choose.next(3)] as const);
    return x.size < 500 && x.dimension > 0 ? pad(x, widths, choose.next(3)) : undefined;
  }),
  (operand, choose, all) => {
    const a = operand(0);
    if (a.x.dimension === 0 || a.x.size > mostElements / 2) return undefined;
    const axis = choose.next(a.x.dimension);
    const from = choose.next(all.length);
    const b = rotated(all, from).find(
      ({ x }) => x.dimension === a.x.dimension && x.shape.every((d, k) => k === axis || d === a.x.shape[k]),
    )!;
    if (a.x.size + b.x.size > mostElements) return undefined;
    const x = choose.flag() ? concat([a.x, b.x], axis) : concat([b.x, a.x], axis);
    return made(x, Math.max(a.bound, b.bound), finer(a.unit, b.unit), Math.max(a.error, b.error));
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension >= 4 || a.x.size > mostElements / 2) return undefined;
    return { ...a, x: stack([a.x, neg(a.x)], choose.next(a.x.dimension + 1)) };
  },
  (operand, choose, all) => {
    const a = operand(0);
    if (a.x.dimension < 1) return undefined;
    const k = a.x.shape[a.x.dimension - 1];
    const b = rotated(all, choose.next(all.length)).find(
      ({ x }) => x.dimension === 2 && (x.shape[0] === k || x.shape[1] === k),
    );
    if (!b) return undefined;
    const right = b.x.shape[0] === k ? b.x : matrixTranspose(b.x);
    if ((a.x.size / Math.max(k, 1)) * right.shape[1] > mostElements) return undefined;
    return product(matmul(a.x, right), k, a, b);
  },
  (operand) => {
    const a = operand(0);
    if (a.x.dimension !== 2 || a.x.shape[1] ** 2 > mostElements) return undefined;
    return product(matmul(matrixTranspose(a.x), a.x), a.x.shape[0], a, a);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension !== 3) return undefined;
    const subscripts = ["ijk,ijk->ij", "ijk,ijk->k", "ijk,ijk->kj", "ijk,ijk->"][choose.next(4)];
    return product(einsum(subscripts, a.x, a.x), a.x.size, a, a);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0 || a.x.shape.includes(0)) return undefined;
    const axis = choose.next(a.x.dimension);
    return made(softmax(a.x, { axis }), 1, 0, 2 * a.error + a.x.shape[axis] * precision(a.x.dtype));
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.size < 18 || a.x.size % 9 !== 0 || a.x.size > 900 || !isFloating(a.x.dtype)) return undefined;
    const side = a.x.size % 36 === 0 ? 6 : 3;
    const images = reshape(a.x, [a.x.size / side / side, 1, side, side]);
    const filters = reshape(slice(reshape(a.x, [a.x.size]), [[0, 18]]), [2, 1, 3, 3]);
    const padding = choose.flag() ? "same" : "valid";
    return product(conv2d(images, filters, { padding, stride: 1 + choose.next(2) }), 9, a, a);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.size === 0 || a.x.size % 16 !== 0 || !isFloating(a.x.dtype)) return undefined;
    const images = reshape(a.x, [1, a.x.size / 16, 4, 4]);
    const stride = 1 + choose.next(2);
    if (choose.flag()) return { ...a, x: maxPool2d(images, 2, { stride }) };
    return made(avgPool2d(images, 2, { stride }), a.bound, 0, a.error);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0) return undefined;
    const axis = choose.next(a.x.dimension);
    const size = a.x.shape[axis];
    if (size === 0) return undefined;
    const indices = [0, size - 1, choose.next(size), choose.next(size)];
    const x = take(a.x, indices, axis);
    return x.size > mostElements ? undefined : { ...a, x };
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0 || !isFloating(a.x.dtype)) return undefined;
    const rows = a.x.shape[0];
    const size = 1 + choose.next(4);
    const indices = Array.from({ length: rows }, () => choose.next(size));
    const bound = Math.max(rows, 1) * a.bound;
    return made(
      scatterAdd(a.x, indices, size),
      bound,
      a.unit,
      rows * (a.error + bound * precision(a.x.dtype) * (a.unit > 0 ? 0 : 1)),
    );
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0 || a.x.size === 0 || !isExact(a)) return undefined;
    return made(argmax(a.x, { axis: choose.next(a.x.dimension) }), a.x.size, 1, 0);
  },
  moves((x, choose) => (x.dimension > 0 && x.size < 200 ? sort(x, { axis: choose.next(x.dimension) }) : undefined)),
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0) return undefined;
    const axis = choose.next(a.x.dimension);
    const n = a.x.shape[axis];
    const x = cumsum(a.x, { axis });
    return made(x, n * a.bound, a.unit, n * (a.error + (a.unit > 0 ? 0 : n * a.bound * precision(x.dtype))));
  },
];

/** The program as a function, and after a call how far each result may be off. */
export function interpret({ inputs, lines, outputs }: RandomProgram): {
  readonly inputs: Tensor[];
  readonly f: (...xs: Tensor[]) => Tensor[];
  readonly tolerances: () => number[];
} {
  let errors: number[] = [];
  const f = (...xs: Tensor[]): Tensor[] => {
    const all = xs.map(
      (x): Known => ({ x, bound: isFloating(x.dtype) ? 4 : 12, unit: isFloating(x.dtype) ? 1 / 8 : 1, error: 0 }),
    );
    for (const line of lines) {
      // Later values are taken more often, so that programs are deep.
      const operand = (k: number): Known => all[all.length - 1 - (line.operands[k] % all.length)];
      const value = operations[line.operation % operations.length](operand, new Choices(line), all);
      if (!value || value.x.size > mostElements || value.x.dimension > 5) continue;
      if (value.bound <= largest) all.push(value);
      else if (isFloating(value.x.dtype)) all.push(made(tanh(value.x), 1, 0, value.error));
      else all.push(value);
    }
    const results = [all[all.length - 1], ...outputs.map((k) => all[all.length - 1 - (k % all.length)])];
    errors = results.map(({ error }) => error);
    return results.map(({ x }) => x);
  };
  return { inputs: inputs.map(numbers), f, tolerances: () => errors };
}

/** Multiples of 1/8 from −4 to 4, or whole numbers from 0 to 12; every third input is stored backwards. */
function numbers({ shape, dtype, seed }: RandomProgram["inputs"][number]): Tensor {
  let state = seed + 1;
  const draw = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state >>> 8;
  };
  const size = count(shape);
  const values = Array.from({ length: size }, () => (isFloating(dtype) ? (draw() % 65) / 8 - 4 : draw() % 13));
  const flat = tensor(values, { shape: [size], dtype });
  const x = reshape(seed % 3 === 0 && size > 0 ? reversed(flat) : flat, shape);
  return seed % 3 === 1 ? x : seed % 3 === 0 ? x : tensor(x.toTypedArray(), { shape });
}

/** The same numbers, last to first in memory. */
function reversed(x: Tensor): Tensor {
  const data = x.toTypedArray().reverse();
  return tensor({ data, shape: x.shape, stride: [-1], offset: x.size - 1 });
}

const size = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 2, 3, 4, 5, 6) },
  { weight: 3, arbitrary: fc.constantFrom(7, 8, 9, 16, 17, 33) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const shape = fc.oneof(
  { weight: 8, arbitrary: fc.array(size, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom([1025], [5000], [2, 1500], [700, 3], [16, 16, 4], [1, 1, 6, 6]) },
);

export const randomProgram: fc.Arbitrary<RandomProgram> = fc.record({
  inputs: fc.array(
    fc.record({
      shape: shape.filter((s) => count(s) <= mostElements),
      dtype: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...dtypes.slice(0, 2)) },
        { weight: 1, arbitrary: fc.constantFrom(...dtypes) },
      ),
      seed: fc.nat(1000),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  lines: fc.array(
    fc.record({
      operation: fc.nat(operations.length - 1),
      operands: fc.tuple(fc.nat(7), fc.nat(7)),
      choices: fc.array(fc.nat(11), { minLength: 1, maxLength: 8 }),
    }),
    { minLength: 2, maxLength: 80, size: "max" },
  ),
  outputs: fc.array(fc.nat(20), { maxLength: 6 }),
});
