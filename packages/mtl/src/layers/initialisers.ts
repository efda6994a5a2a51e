import { mul, normal, qr, reshape, type Tensor, transpose, uniform, zeros } from "@kinship/tensor";
import { InputError } from "../errors.js";
import type { Floating } from "./layer.js";

/** How many inputs each output sums over, and how many outputs each input reaches. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** Draws weights of a shape from a key; the same key gives the same weights. */
export type Initialiser = (key: Tensor, shape: readonly number[], fans: Fans, dtype: Floating) => Tensor;

const initialisers = {
  he,
  glorot,
  orthogonal,
  zeros: (_key: Tensor, shape: readonly number[], _: Fans, dtype: Floating) => zeros(shape, dtype),
};

export type InitialiserName = keyof typeof initialisers;

/** @throws InputError that lists the names known. */
export function initialiserNamed(name: InitialiserName, caller: string): Initialiser {
  if (!Object.hasOwn(initialisers, name))
    throw new InputError(
      `${caller}: no initialiser is named "${name}"; there are ${Object.keys(initialisers).join(", ")}`,
    );
  return initialisers[name];
}

/** Normal with variance 2 / fan in, which keeps the variance through ReLUs (He et al., 2015, equation 10). */
export function he(key: Tensor, shape: readonly number[], fans: Fans, dtype: Floating): Tensor {
  return mul(normal(key, shape, { dtype }), Math.sqrt(2 / fans.in));
}

/** Uniform on ±√(6 / (fan in + fan out)) (Glorot & Bengio, 2010, equation 16). */
export function glorot(key: Tensor, shape: readonly number[], fans: Fans, dtype: Floating): Tensor {
  const bound = Math.sqrt(6 / (fans.in + fans.out));
  return uniform(key, shape, { dtype, from: -bound, to: bound });
}

/**
 * The outputs against all they sum over as a matrix with orthonormal rows or columns, whichever are fewer (Saxe,
 * McClelland & Ganguli, 2014): Q of a matrix of normal draws. Outputs are the last axis of a matrix, [inputs, outputs],
 * and the first of filters, [outputs, channels, …].
 */
export function orthogonal(key: Tensor, shape: readonly number[], _: Fans, dtype: Floating): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const rows = shape[0]!;
  const columns = size / rows;
  const drawn = normal(key, [Math.max(rows, columns), Math.min(rows, columns)], { dtype });
  const { q } = qr(drawn);
  return reshape(rows < columns ? transpose(q) : q, shape);
}
