import { combineGradients, type GramianBalancer, gramian } from "@kinship/mtl";
import { type Structure, type Tensor, tensor } from "@kinship/tensor";
import fc from "fast-check";
import { expect } from "vitest";

/** m × n, a row a task. */
export type Rows = number[][];

export const tensorsOf = (rows: Rows): Tensor[] => rows.map((row) => tensor(Float64Array.from(row)));

export const gramianOf = (rows: Rows): Float64Array => gramian(tensorsOf(rows));

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let total = 0;
  for (let k = 0; k < a.length; k++) total += a[k]! * b[k]!;
  return total;
};

export const lengthOf = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/** Σ w_i g_i in plain numbers. */
export const combine = (weights: ArrayLike<number>, rows: Rows): number[] =>
  rows[0]!.map((_, k) => rows.reduce((total, row, i) => total + weights[i]! * row[k]!, 0));

/** The direction and weights of a fresh method. */
export function directionOf<State extends Structure>(
  balancer: GramianBalancer<State>,
  rows: Rows,
  losses: readonly number[] = rows.map(() => 1),
) {
  const products = gramianOf(rows);
  const { weights, residual, state } = balancer.weigh(balancer.start(rows.length), {
    gramian: products,
    losses,
    crossGramian: products,
  });
  const direction = [...combineGradients(weights, tensorsOf(rows)).toTypedArray()];
  return { weights, residual, direction, state };
}

/** Entries on a grid, so that zeros, equal and opposite gradients come up. */
const row = (n: number) =>
  fc.array(
    fc.integer({ min: -8, max: 8 }).map((k) => k / 4),
    { minLength: n, maxLength: n },
  );

const smooth = (n: number) =>
  fc.array(
    fc.integer({ min: -1024, max: 1024 }).map((k) => k / 256),
    { minLength: n, maxLength: n },
  );

export interface JacobianOptions {
  readonly minTasks?: number;
  readonly maxTasks?: number;
  readonly minWidth?: number;
  readonly maxWidth?: number;
}

/** Jacobians of many shapes: fewer or more tasks than parameters, with repeated, opposite and zero gradients. */
export const jacobians = ({ minTasks = 1, maxTasks = 8, minWidth = 1, maxWidth = 10 }: JacobianOptions = {}) =>
  fc
    .tuple(
      fc.integer({ min: minTasks, max: maxTasks }),
      fc.integer({ min: minWidth, max: maxWidth }),
      fc.constantFrom(row, smooth),
    )
    .chain(([m, n, entries]) => fc.array(entries(n), { minLength: m, maxLength: m }));

/** Powers of ten for the rows, from 1e-15 to 1e15. */
export const scales = (m: number) =>
  fc.array(
    fc.integer({ min: -15, max: 15 }).map((k) => 10 ** k),
    { minLength: m, maxLength: m },
  );

/** Jacobians whose rows are independent by construction: an identity block is added. */
export const independentJacobians = ({ maxTasks = 6 } = {}) =>
  jacobians({ minTasks: 1, maxTasks, minWidth: 1, maxWidth: 6 }).map((rows) =>
    rows.map((r, i) => [...r, ...rows.map((_, j) => (i === j ? 1 : 0))]),
  );

/** |a − b| relative to the length of `size`. */
export function expectNear(a: ArrayLike<number>, b: ArrayLike<number>, size: number, tolerance: number): void {
  for (let k = 0; k < a.length; k++) expect(Math.abs(a[k]! - b[k]!)).toBeLessThanOrEqual(tolerance * size);
}

export const longest = (rows: Rows) => Math.max(...rows.map(lengthOf), Number.MIN_VALUE);

export const scaled = (rows: Rows, factors: readonly number[]): Rows =>
  rows.map((row, i) => row.map((value) => value * factors[i]!));
