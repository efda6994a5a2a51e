import { grad } from "@kinship/autodiff";
import {
  apply,
  cast,
  isFloating,
  mul,
  type Primitive,
  reshape,
  type Sample,
  sum,
  type Tensor,
  tensor,
} from "@kinship/tensor";
import { type GpuDevice, UnsupportedOnGpu } from "@kinship/tensor/gpu";
import { expect } from "vitest";
import { differentiable } from "../laws/differentiable.js";
import { exampleOf } from "../laws/samples.js";

/** Those that have no GPU.js kernel: whole numbers of any size from real ones, and float64. */
export const refused = (primitive: Primitive): boolean =>
  primitive.form.kind === "opaque" || ["cast", "uniform64"].includes(primitive.name);

export const narrow = (x: Tensor): Tensor => (x.dtype === "float64" ? cast(x, "float32") : x);

/** The largest distance between two results, relative where numbers are large. NaN must meet NaN. */
export function distance(a: Tensor, b: Tensor): number {
  expect(b.shape).toEqual(a.shape);
  expect(b.dtype).toBe(a.dtype);
  const [p, q] = [a.toTypedArray(), b.toTypedArray()];
  let worst = 0;
  p.forEach((x, k) => {
    if (x === q[k] || (Number.isNaN(x) && Number.isNaN(q[k]))) return;
    worst = Math.max(worst, Math.abs(x - q[k]) / (1 + Math.abs(x)) || Number.POSITIVE_INFINITY);
  });
  return worst;
}

/** What the device has for it, or why it refuses. */
export async function onDevice<A extends readonly unknown[], O>(
  device: GpuDevice,
  f: (...args: A) => O,
  args: A,
): Promise<O | UnsupportedOnGpu> {
  const compiled = device.compile(f);
  try {
    return await compiled(...args);
  } catch (reason) {
    if (reason instanceof UnsupportedOnGpu) return reason;
    throw reason;
  } finally {
    await compiled.close();
  }
}

/** The same values as rows of something larger, in reverse: a view with strides of its own. */
export function strided(x: Tensor): Tensor {
  const wide = new Float64Array(2 * x.size);
  const flat = x.toTypedArray();
  for (let k = 0; k < x.size; k++) wide[2 * k + 1] = flat[x.size - 1 - k];
  const { data } = tensor(wide, { dtype: x.dtype });
  const view = tensor({ data, shape: [x.size], stride: [-2], offset: Math.max(2 * x.size - 1, 0) });
  return x.size === 0 ? x : reshape(view, x.shape);
}

/** A primitive on the device is the one on the CPU, in float32. Returns the refusal, where there is one. */
export async function checkForward(
  device: GpuDevice,
  primitive: Primitive,
  sample: Sample<unknown>,
  tolerance: number,
): Promise<string | undefined> {
  const inputs = exampleOf(sample, 5).map(narrow);
  const f = (...xs: Tensor[]) => apply(primitive, xs, sample.params);
  const found = await onDevice(device, f, inputs.map(strided));
  if (found instanceof UnsupportedOnGpu) return found.message;
  expect(distance(f(...inputs), found)).toBeLessThanOrEqual(tolerance);
  return undefined;
}

/** So is its gradient. */
export async function checkGradient(
  device: GpuDevice,
  primitive: Primitive,
  sample: Sample<unknown>,
  tolerance: number,
): Promise<string | undefined> {
  const inputs = exampleOf(sample, 11).map(narrow);
  const { f, at } = differentiable(primitive, sample, inputs);
  if (at.length === 0 || !isFloating(f(...at).dtype)) return undefined;
  const gradient = grad((xs: Tensor[]): Tensor => {
    const y = f(...xs);
    return sum(mul(y, y));
  });
  const found = await onDevice(device, gradient, [at]);
  if (found instanceof UnsupportedOnGpu) return found.message;
  gradient(at).forEach((g, n) => {
    expect(distance(g, found[n])).toBeLessThanOrEqual(tolerance);
  });
  return undefined;
}
