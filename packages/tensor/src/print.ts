import type { DType, TypedArray } from "./dtype.js";
import { type Layout, show, sizeOf } from "./layout.js";

/** Above this many elements only the edges of each axis are printed, as NumPy does. */
const threshold = 1000;
const edge = 3;

interface Printable extends Layout {
  readonly dtype: DType;
  readonly data: TypedArray;
}

function format(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return Object.is(value, -0) ? "-0" : String(value);
  if (!Number.isFinite(value)) return String(value);
  const digits = Number(value.toPrecision(5));
  const magnitude = Math.abs(digits);
  return magnitude >= 1e6 || magnitude < 1e-4 ? digits.toExponential() : String(digits);
}

/** `tensor([[1, 2], [3, 4]], float32)`; large tensors are abridged and say their shape. */
export function print(x: Printable): string {
  const size = sizeOf(x.shape);
  const abridged = size > threshold;
  const rows = (axis: number, offset: number, indent: string): string => {
    if (axis === x.shape.length) return format(x.data[offset]);
    const length = x.shape[axis];
    const at = (k: number) => rows(axis + 1, offset + k * x.stride[axis], `${indent} `);
    const shown =
      abridged && length > 2 * edge
        ? [0, 1, 2, -1, length - 3, length - 2, length - 1]
        : Array.from({ length }, (_, k) => k);
    const separator = axis === x.shape.length - 1 ? ", " : `,\n${indent} `;
    return `[${shown.map((k) => (k < 0 ? "…" : at(k))).join(separator)}]`;
  };
  const start = "tensor(";
  const shape = abridged || size === 0 ? `, shape ${show(x.shape)}` : "";
  return `${start}${rows(0, x.offset, " ".repeat(start.length))}${shape}, ${x.dtype})`;
}
