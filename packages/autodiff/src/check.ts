import { isFloating, Tensor } from "@kinship/tensor";

const at = (path: string): string => (path === "" ? "" : ` at ${path}`);
const shown = (x: Tensor): string => `[${x.shape.join(", ")}] ${x.dtype}`;

export function checkFloating(name: string, x: Tensor, path: string): Tensor {
  if (!isFloating(x.dtype))
    throw new TypeError(
      `${name}: the argument${at(path)} is ${x.dtype}, and only float32 and float64 have derivatives; cast it, or capture it as a constant`,
    );
  return x;
}

/** What a derivative is taken of. */
export function checkFloatingOutput(name: string, y: Tensor, path: string): Tensor {
  if (!isFloating(y.dtype))
    throw new TypeError(
      `${name}: the result${at(path)} is ${y.dtype}, which has no derivative; cast it to float32, or return it as an auxiliary`,
    );
  return y;
}

/** A tangent or cotangent belongs to one tensor: it has its shape and dtype. */
export function checkMatch(name: string, what: string, found: Tensor, expected: Tensor, path: string): void {
  if (found.dtype === expected.dtype && found.shape.length === expected.shape.length) {
    let same = true;
    for (let axis = 0; axis < found.shape.length; axis++) same &&= found.shape[axis] === expected.shape[axis];
    if (same) return;
  }
  throw new TypeError(`${name}: the ${what}${at(path)} must be ${shown(expected)}, found ${shown(found)}`);
}

/** The one number that a gradient is of. */
export function checkScalar(name: string, y: unknown, path = ""): Tensor {
  if (!(y instanceof Tensor))
    throw new TypeError(
      `${name}: the function must return a tensor of one number${at(path)}, found ${y === null ? "null" : Array.isArray(y) ? "an array" : typeof y}`,
    );
  if (y.size !== 1)
    throw new RangeError(
      `${name}: the function must return one number${at(path)}, found shape [${y.shape.join(", ")}]; reduce it with sum or mean, or use vjp or jacobian`,
    );
  return checkFloatingOutput(name, y, path);
}

/** The result of a body that ran under another interpreter. It must be there when the body returns. */
export function checkSynchronous<T>(name: string, result: T): T {
  if (typeof (result as { then?: unknown } | null | undefined)?.then === "function") {
    // The promise is dropped here: whether it fails no longer matters to anybody.
    void Promise.resolve(result as unknown).catch(() => undefined);
    throw new TypeError(
      `${name}: the function returned a promise; derivatives are traced while it runs, so await the data first and pass it in`,
    );
  }
  return result;
}
