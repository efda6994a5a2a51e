import { valueAndGrad } from "@kinship/autodiff";
import {
  add,
  forEachLeaf,
  mapLeaves,
  matchLeaves,
  mul,
  normal,
  randomKey,
  type Structure,
  sum,
  type Tensor,
} from "@kinship/tensor";
import { expect } from "vitest";

/** The directional derivative of `f` along random directions, by the gradient and by five points. Float64. */
export function expectGradient<P extends Structure>(f: (p: P) => Tensor, at: P, tolerance = 1e-7): void {
  const [value, gradient] = valueAndGrad(f)(at);
  expect(Number.isFinite(value.item())).toBe(true);
  for (let seed = 1; seed <= 3; seed++) {
    let k = 0;
    const direction = mapLeaves("direction", at, (x) =>
      normal(randomKey(1000 * seed + k++), x.shape, { dtype: "float64" }),
    );
    const moved = (h: number) => f(zip(at, direction, (x, d) => add(x, mul(d, h)))).item();
    // Small, so that a step seldom crosses a kink; five points keep the error near 1e-11 even so.
    const h = 1e-4;
    const difference = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
    let slope = 0;
    for (const [g, d] of matchLeaves("gradient", gradient, direction)) slope += sum(mul(g, d)).item();
    const scale = Math.max(1, Math.abs(difference));
    expect(Math.abs(slope - difference) / scale, `slope ${slope}, difference ${difference}`).toBeLessThan(tolerance);
  }
}

/** Structures leaf by leaf. */
export function zip<P extends Structure>(a: P, b: P, f: (x: Tensor, y: Tensor) => Tensor): P {
  const pairs = new Map(matchLeaves("zip", a, b).map(([x, y, path]) => [path, f(x, y)]));
  return mapLeaves("zip", a, (_, path) => pairs.get(path)!);
}

/** The largest difference between two structures of tensors. */
export function distance(a: unknown, b: unknown): number {
  let largest = 0;
  for (const [x, y] of matchLeaves("distance", a, b)) {
    const [u, v] = [x.toTypedArray(), y.toTypedArray()];
    expect(x.shape).toEqual(y.shape);
    for (let k = 0; k < u.length; k++) largest = Math.max(largest, Object.is(u[k], v[k]) ? 0 : Math.abs(u[k]! - v[k]!));
  }
  return largest;
}

/** Every leaf as the bits of its values, by path. */
export function bits(value: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  forEachLeaf("bits", value, (x, path) => {
    const { buffer, byteOffset, byteLength } = x.toTypedArray();
    found[path] = `${x.dtype} ${x.shape} ${Buffer.from(buffer, byteOffset, byteLength).toString("hex")}`;
  });
  return found;
}
