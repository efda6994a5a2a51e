import type { TensorLike } from "../create.js";
import { operand } from "../forms/operands.js";
import { where } from "../primitives/comparison.js";
import { fromData, type Tensor } from "../tensor.js";
import { checkMatrix } from "./matrices.js";

function mask(rows: number, columns: number, keep: (offset: number) => boolean): Tensor {
  const data = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] = keep(j - i) ? 1 : 0;
  return fromData(data, "uint8", [rows, columns]);
}

/** The lower triangle, zeros above: of diagonal 0 unless another is named (positive: above). @example lowerTriangle(tensor([[1, 2], [3, 4]])) */
export function lowerTriangle(x: TensorLike, diagonal = 0): Tensor {
  const own = operand("lowerTriangle", x);
  const [rows, columns] = checkMatrix("lowerTriangle", own);
  return where(
    mask(rows, columns, (offset) => offset <= diagonal),
    own,
    0,
  );
}

/** The upper triangle, zeros below. @example upperTriangle(tensor([[1, 2], [3, 4]])) */
export function upperTriangle(x: TensorLike, diagonal = 0): Tensor {
  const own = operand("upperTriangle", x);
  const [rows, columns] = checkMatrix("upperTriangle", own);
  return where(
    mask(rows, columns, (offset) => offset >= diagonal),
    own,
    0,
  );
}
