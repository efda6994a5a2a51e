import { isFloating, type Tensor } from "@kinship/tensor";

const at = (path: string): string => (path === "" ? "" : ` at ${path}`);
const shown = (x: Tensor): string => `[${x.shape.join(", ")}] ${x.dtype}`;

export function checkFloating(name: string, x: Tensor, path: string): Tensor {
  if (!isFloating(x.dtype))
    throw new TypeError(
      `${name}: the argument${at(path)} is ${x.dtype}, and only float32 and float64 have derivatives; cast it, or capture it as a constant`,
    );
  return x;
}

/** A tangent or cotangent belongs to one tensor: it has its shape and dtype. */
export function checkMatch(name: string, what: string, found: Tensor, expected: Tensor, path: string): void {
  if (found.dtype !== expected.dtype || shown(found) !== shown(expected))
    throw new TypeError(`${name}: the ${what}${at(path)} must be ${shown(expected)}, found ${shown(found)}`);
}

/** The one number that a gradient is of. */
export function checkScalar(name: string, y: unknown): Tensor {
  const x = y as Tensor;
  if (!(typeof y === "object" && y !== null && "dtype" in y && "shape" in y))
    throw new TypeError(
      `${name}: the function must return a tensor of one number, found ${y === null ? "null" : typeof y}`,
    );
  if (x.size !== 1)
    throw new RangeError(
      `${name}: the function must return one number, found shape [${x.shape.join(", ")}]; reduce it with sum or mean, or use vjp or jacobian`,
    );
  if (!isFloating(x.dtype))
    throw new TypeError(`${name}: the result is ${x.dtype}, which has no derivative; cast it to float32`);
  return x;
}
