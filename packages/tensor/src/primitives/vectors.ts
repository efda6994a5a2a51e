import type { TensorLike } from "../create.js";
import { operands } from "../forms/operands.js";
import { broadcastShapes, normalizeAxis, show } from "../layout.js";
import type { Tensor } from "../tensor.js";
import { abs, div, mul, sqrt, square, sub } from "./arithmetic.js";
import { equal, where } from "./comparison.js";
import { diagonal } from "./diagonal.js";
import { concat } from "./joining.js";
import { max, type ReduceOptions, sum } from "./reduction.js";
import { slice } from "./slice.js";
import { broadcastTo, moveAxis, reshape, squeeze, stopGradient } from "./view.js";

/** Both with the vectors along the last axis, broadcast against each other. */
function vectorPair(name: string, x: TensorLike, y: TensorLike, axis: number): readonly [Tensor, Tensor] {
  const [a, b] = operands(name, [x, y]).map((v) => moveAxis(v, normalizeAxis(name, axis, v.dimension), -1));
  if (a.shape[a.dimension - 1] !== b.shape[b.dimension - 1])
    throw new RangeError(`${name}: vectors of different length, ${show(a.shape)} and ${show(b.shape)}`);
  const shape = broadcastShapes(name, [a.shape, b.shape]);
  return [broadcastTo(a, shape), broadcastTo(b, shape)];
}

/**
 * The cross product of 3-vectors along an axis (the last unless given), other axes broadcast: as long as the area that
 * the two span, and orthogonal to both. For other lengths see `wedgeNorm`.
 * @throws RangeError for vectors that do not have three entries.
 * @example cross(tensor([1, 0, 0]), tensor([0, 1, 0]))
 */
export function cross(x: TensorLike, y: TensorLike, { axis = -1 }: { readonly axis?: number } = {}): Tensor {
  const [a, b] = vectorPair("cross", x, y, axis);
  const last = a.dimension - 1;
  if (a.shape[last] !== 3)
    throw new RangeError(
      `cross: expected vectors of three entries along axis ${axis}, found shape ${show(a.shape)}; use wedgeNorm for the area`,
    );
  const leading = a.shape.slice(0, last).map(() => null);
  const rolled = (v: Tensor, by: number) =>
    concat([slice(v, [...leading, [by, 3]]), slice(v, [...leading, [0, by]])], last);
  return moveAxis(sub(mul(rolled(a, 1), rolled(b, 2)), mul(rolled(a, 2), rolled(b, 1))), last, axis);
}

/** The largest size along the last axis, 1 where all is 0: a constant for derivatives, since results do not depend on it. */
const scaleOf = (v: Tensor): Tensor => {
  const largest = stopGradient(max(abs(v), { axis: -1, keepDimensions: true }));
  return where(equal(largest, 0), 1, largest);
};

/**
 * The area that two vectors of any length span along an axis (the last unless given): √(|v|²|w|² − ⟨v, w⟩²), the norm
 * of the wedge product, |v × w| in three dimensions. It is computed as |v| times what remains of w without its part along
 * v, which keeps small angles. Its derivative is not defined where it is 0.
 * @throws RangeError for vectors of different length.
 * @example wedgeNorm(tensor([3, 0]), tensor([1, 2]))
 */
export function wedgeNorm(v: TensorLike, w: TensorLike, { axis = -1 }: { readonly axis?: number } = {}): Tensor {
  const [a, b] = vectorPair("wedgeNorm", v, w, axis);
  const along: ReduceOptions = { axis: -1, keepDimensions: true };
  if (a.shape[a.dimension - 1] === 0) return sum(mul(a, b), { axis: -1 });
  const [scaleA, scaleB] = [scaleOf(a), scaleOf(b)];
  const [p, q] = [div(a, scaleA), div(b, scaleB)];
  const length = sum(square(p), along);
  const part = div(sum(mul(p, q), along), where(equal(length, 0), 1, length));
  const rest = sub(q, mul(part, p));
  return squeeze(mul(mul(scaleA, scaleB), mul(sqrt(length), sqrt(sum(square(rest), along)))), -1);
}

/** The sum of the main diagonal of each matrix. @example trace(tensor([[1, 2], [3, 4]])) */
export const trace = (x: TensorLike): Tensor => sum(diagonal(x), { axis: -1 });

/**
 * The Kronecker product: every entry of `x` times the whole of `y`, axis by axis, as NumPy's `kron`.
 * @example kron(tensor([[1, 2]]), tensor([[1, 0], [0, 1]]))
 */
export function kron(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = operands("kron", [x, y]);
  const rank = Math.max(a.dimension, b.dimension);
  const filled = (t: Tensor) => [...new Array<number>(rank - t.dimension).fill(1), ...t.shape];
  const [outer, inner] = [filled(a), filled(b)];
  const product = mul(
    reshape(
      a,
      outer.flatMap((size) => [size, 1]),
    ),
    reshape(
      b,
      inner.flatMap((size) => [1, size]),
    ),
  );
  return reshape(
    product,
    outer.map((size, axis) => size * inner[axis]),
  );
}
