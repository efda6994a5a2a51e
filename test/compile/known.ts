import { type DType, isFloating, type Tensor } from "@kinship/tensor";

/** A tensor of a random program, with what is known of its numbers whatever they are. */
export interface Known {
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

export const dtypes: readonly DType[] = ["float32", "float64", "int32", "uint8"];
/** Larger values are not made: programs stay quick. */
export const mostElements = 6000;
/** Larger numbers are not made: they would end in infinities, whose differences say nothing. */
export const largest = 2 ** 20;

export const precision = (dtype: DType): number => (dtype === "float64" ? 2 ** -50 : 2 ** -21);
export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** What is known after an operation: bytes may have wrapped, whole numbers stay exact while they fit, others are rounded. */
export function made(x: Tensor, bound: number, unit: number, error: number): Known {
  if (!isFloating(x.dtype))
    return { x, bound: x.dtype === "uint8" ? 255 : Math.min(bound, 2 ** 31), unit: 1, error: 0 };
  const fits = unit > 0 && bound / unit <= (x.dtype === "float32" ? 2 ** 24 : 2 ** 53);
  if (fits && error === 0) return { x, bound, unit, error: 0 };
  return { x, bound, unit: 0, error: error + bound * precision(x.dtype) };
}

export const isExact = (k: Known): boolean => k.error === 0;
export const finer = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : Math.min(a, b));

/** Takes choices one after another. */
export class Choices {
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

export type Make = (operand: (k: number) => Known, choose: Choices, all: readonly Known[]) => Known | undefined;

export const unaryExact =
  (f: (x: Tensor) => Tensor, bound: (b: number) => number, unit: (u: number) => number): Make =>
  (operand) => {
    const a = operand(0);
    return made(f(a.x), bound(a.bound), unit(a.unit), a.error);
  };

/** For operations that jump: only where the operand is exactly known. */
export const jumps =
  (f: (x: Tensor) => Tensor, bound: (b: number) => number): Make =>
  (operand) => {
    const a = operand(0);
    return isExact(a) ? made(f(a.x), bound(a.bound), 1, 0) : undefined;
  };

/** A function with a bound on its slope, of operands that are not too large for it. */
export const smooth =
  (f: (x: Tensor) => Tensor, bound: (b: number) => number, slope: (b: number) => number, most = largest): Make =>
  (operand) => {
    const a = operand(0);
    if (a.bound > most) return undefined;
    const y = f(a.x);
    return made(y, bound(a.bound), 0, slope(a.bound) * a.error);
  };

export const fits = (a: readonly number[], b: readonly number[]): boolean => {
  const rank = Math.max(a.length, b.length);
  const shape = Array.from({ length: rank }, (_, k) => {
    const [p, q] = [a[a.length - rank + k] ?? 1, b[b.length - rank + k] ?? 1];
    return p === q || q === 1 ? p : p === 1 ? q : -1;
  });
  return !shape.includes(-1) && count(shape) <= mostElements;
};

/** The first operand and another that broadcasts with it, if need be its sum. */
export function pair(operand: (k: number) => Known, all: readonly Known[], choose: Choices): [Known, Known] {
  const a = operand(0);
  const from = choose.next(all.length);
  for (let k = 0; k < all.length; k++) {
    const b = all[(from + k) % all.length];
    if (fits(a.x.shape, b.x.shape)) return choose.flag() ? [b, a] : [a, b];
  }
  return [a, a];
}

export const binary =
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

export const compares =
  (f: (a: Tensor, b: Tensor) => Tensor): Make =>
  (operand, choose, all) => {
    const [a, b] = pair(operand, all, choose);
    return isExact(a) && isExact(b) ? made(f(a.x, b.x), 1, 1, 0) : undefined;
  };

/** Views and other moves: the numbers stay what they are. */
export const moves =
  (f: (x: Tensor, choose: Choices) => Tensor | undefined): Make =>
  (operand, choose) => {
    const a = operand(0);
    const x = f(a.x, choose);
    return x && { ...a, x };
  };

export const someAxes = ({ dimension }: Tensor, choose: Choices): number[] => {
  const axes = Array.from({ length: dimension }, (_, k) => k).filter(() => choose.flag());
  return axes.length === 0 && dimension > 0 ? [choose.next(dimension)] : axes;
};

export const rotated = <T>(list: readonly T[], by: number): T[] => list.map((_, k) => list[(k + by) % list.length]);

export const dotError = (k: number, a: Known, b: Known): number => k * (a.error * b.bound + b.error * a.bound);

/** A product over `k` terms, computed in the result's type. */
export const product = (x: Tensor, k: number, a: Known, b: Known): Known => {
  const bound = Math.max(k, 1) * a.bound * b.bound;
  const rounding = isExact(a) && isExact(b) && a.unit * b.unit > 0 ? 0 : k * bound * precision(x.dtype);
  return made(x, bound, a.unit * b.unit, dotError(k, a, b) + rounding);
};

export const reduces =
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

export const same = (b: number): number => b;
