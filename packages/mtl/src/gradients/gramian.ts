import type { Structured } from "@kinship/autodiff";
import {
  add,
  cast,
  mapLeaves,
  matchLeaves,
  matmul,
  mul,
  reshape,
  slice,
  stack,
  sum,
  Tensor,
  tensor,
  transpose,
  zeros,
} from "@kinship/tensor";
import { InputError } from "../errors.js";

/**
 * ⟨a, b⟩ over two structures, leaf by leaf, summed in float64 whatever the leaves' dtype.
 * @throws TypeError where the structures differ, RangeError where two leaves differ in size.
 */
export function innerProduct<Parameters extends Structured<Parameters>>(a: Parameters, b: Parameters): number {
  let total = 0;
  for (const [x, y, path] of matchLeaves("innerProduct", a, b)) {
    if (x.size !== y.size)
      throw new RangeError(
        `innerProduct: shapes [${x.shape.join(", ")}] and [${y.shape.join(", ")}] differ${path && ` at ${path}`}`,
      );
    total += dotOf(x.toTypedArray(), y.toTypedArray());
  }
  return total;
}

/**
 * G = J Jᵀ, m × m in row-major order: the inner products of the tasks' gradients, in float64. The Jacobian is never
 * joined into one matrix.
 * @throws TypeError where the structures differ.
 */
export function gramian<Parameters extends Structured<Parameters>>(gradients: readonly Parameters[]): Float64Array {
  return crossGramian(gradients, gradients);
}

/**
 * J Kᵀ for two lists of gradients of the same parameters, from two batches say: entry i·m + j is ⟨a_i, b_j⟩.
 * @throws TypeError where the structures differ.
 */
export function crossGramian<Parameters extends Structured<Parameters>>(
  a: readonly Parameters[],
  b: readonly Parameters[],
): Float64Array {
  const symmetric = a === b;
  const rows = a.map((gradient) => rowOf(a[0]!, gradient));
  const columns = symmetric ? rows : b.map((gradient) => rowOf(a[0]!, gradient));
  const m = columns.length;
  const products = new Float64Array(rows.length * m);
  for (let i = 0; i < rows.length; i++)
    for (let j = symmetric ? i : 0; j < m; j++) {
      let total = 0;
      for (let leaf = 0; leaf < rows[i]!.length; leaf++) total += dotOf(rows[i]![leaf]!, columns[j]![leaf]!);
      products[i * m + j] = total;
      if (symmetric) products[j * m + i] = total;
    }
  return products;
}

/**
 * The Gramian as a tensor, [m, m] in float64, written with tensor operations only: for programs that `compile` makes.
 * Where the gradients are made in the same program, they are not kept beyond it.
 * @throws TypeError where the structures differ.
 */
export const gramianTensor = <Parameters extends Structured<Parameters>>(gradients: readonly Parameters[]): Tensor =>
  crossGramianTensor(gradients, gradients);

/** J Kᵀ as `crossGramian` gives it, as a tensor: see `gramianTensor`. */
export function crossGramianTensor<Parameters extends Structured<Parameters>>(
  a: readonly Parameters[],
  b: readonly Parameters[],
): Tensor {
  const rowsOf = (gradients: readonly Parameters[]) =>
    gradients.map((gradient) => matchLeaves("gramianTensor", a[0], gradient).map(([, x]) => x));
  const rows = rowsOf(a);
  const columns = a === b ? rows : rowsOf(b);
  if (rows[0]!.length === 0) return zeros([a.length, b.length], "float64");
  if (Math.max(a.length, b.length) <= fewTasks) return entryByEntry(rows, columns);
  return rows[0]!.map((_, leaf) => ofLeaf(rows, columns, leaf)).reduce((total, part) => add(total, part));
}

/** Up to here a loop for each entry, without a copy of the gradients, is faster than a product of matrices. */
const fewTasks = 4;

type Rows = readonly (readonly Tensor[])[];

function entryByEntry(rows: Rows, columns: Rows): Tensor {
  const product = (i: number, j: number): Tensor =>
    rows[i]!.map((x, leaf) => sum(mul(cast(x, "float64"), cast(columns[j]![leaf]!, "float64")))).reduce((a, b) =>
      add(a, b),
    );
  const symmetric = rows === columns;
  const upper = rows.map((_, i) => columns.map((_, j) => (symmetric && j < i ? undefined : product(i, j))));
  const entries = upper.flatMap((row, i) => row.map((entry, j) => entry ?? upper[j]![i]!));
  return reshape(stack(entries), [rows.length, columns.length]);
}

/** Numbers of a matrix in float64 that are multiplied at a time: what a second cache holds. */
const piece = 2 ** 14;

/**
 * Piece by piece, so that no more than a piece of the Jacobian is a matrix at a time. In float64: a product in float32
 * takes half as long, and its rounding lets a Gramian of lower rank seem to have full rank.
 */
function ofLeaf(rows: Rows, columns: Rows, leaf: number): Tensor {
  const { size } = rows[0]![leaf]!;
  const width = Math.ceil(piece / Math.max(rows.length, columns.length));
  const flat = (list: Rows) => list.map((row) => reshape(row[leaf]!, [size]));
  const left = flat(rows);
  const right = rows === columns ? left : flat(columns);
  let total: Tensor | undefined;
  for (let from = 0; from < size; from += width) {
    const matrix = (list: readonly Tensor[]) =>
      stack(list.map((row) => cast(slice(row, [[from, from + width]]), "float64")));
    const a = matrix(left);
    const part = matmul(a, transpose(right === left ? a : matrix(right)));
    total = total ? add(total, part) : part;
  }
  return total ?? zeros([rows.length, columns.length], "float64");
}

/** The leaves' values, in the order of the first gradient's leaves. */
function rowOf(first: unknown, gradient: unknown): ArrayLike<number>[] {
  return matchLeaves("gramian", first, gradient).map(([model, x, path]) => {
    if (x.size !== model.size)
      throw new InputError(
        `gramian: gradients differ in shape${path && ` at ${path}`}: [${model.shape.join(", ")}] and [${x.shape.join(", ")}]`,
      );
    return x.toTypedArray();
  });
}

// Four running totals: one would wait for each addition before the next.
function dotOf(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let k = 0;
  for (; k + 4 <= x.length; k += 4) {
    a += x[k]! * y[k]!;
    b += x[k + 1]! * y[k + 1]!;
    c += x[k + 2]! * y[k + 2]!;
    d += x[k + 3]! * y[k + 3]!;
  }
  for (; k < x.length; k++) a += x[k]! * y[k]!;
  return a + b + (c + d);
}

/**
 * Jᵀw = Σ_i w_i g_i, each leaf in its own dtype. Written with tensor operations only, so that it can be recorded:
 * `weights` may be numbers or a tensor of shape [m].
 * @throws InputError where the numbers of weights and gradients differ.
 */
export function combineGradients<Parameters extends Structured<Parameters>>(
  weights: ArrayLike<number> | Tensor,
  gradients: readonly Parameters[],
): Parameters {
  const own = weights instanceof Tensor ? weights : tensor(Float64Array.from(weights));
  if (gradients.length === 0 || own.size !== gradients.length)
    throw new InputError(`combineGradients: ${own.size} weights for ${gradients.length} gradients`);
  const column = reshape(own, [gradients.length]);
  const rows = gradients.map((gradient) => matchLeaves("combineGradients", gradients[0], gradient).map(([, x]) => x));
  let leaf = 0;
  return mapLeaves("combineGradients", gradients[0]!, (first) => {
    const total = rows
      .map((row, task) => mul(row[leaf]!, cast(slice(column, [task]), first.dtype)))
      .reduce((sum, term) => add(sum, term));
    leaf++;
    return total;
  });
}
