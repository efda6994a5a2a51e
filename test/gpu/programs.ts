import { valueAndGrad } from "@kinship/autodiff";
import {
  add,
  conv2d,
  logSoftmax,
  matmul,
  matrixTranspose,
  max,
  mean,
  mul,
  relu,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "@kinship/tensor";
import type { GpuDevice } from "@kinship/tensor/gpu";
import { expect } from "vitest";
import { distance } from "./laws.js";

/** Numbers between −1 and 1 that differ from one place to the next. */
export function pattern(shape: readonly number[], phase = 0): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, k) => Math.sin(1 + 12.9898 * k + phase)),
    { shape },
  );
}

/** Programs that reach every way of lowering, by what they are for; each with its arguments. */
export const programs: Readonly<Record<string, { f: (...xs: Tensor[]) => unknown; args: Tensor[] }>> = {
  "a sum of so many arrays that one kernel cannot read them": {
    f: (...xs) => tanh(xs.reduce((a, b) => add(mul(a, 0.5), b))),
    args: Array.from({ length: 15 }, (_, k) => pattern([7, 3], k)),
  },
  "a long sum, whose parts are no whole number of rounds": { f: (x) => sum(x), args: [pattern([5003])] },
  "long sums along the first of two axes": { f: (x) => sum(square(x), { axis: 0 }), args: [pattern([3001, 3])] },
  "a long maximum": { f: (x) => max(x), args: [pattern([2049])] },
  "a long maximum of large negative numbers": { f: (x) => max(sub(x, 1000)), args: [pattern([2049])] },
  "more elements than float32 divides exactly, across": {
    f: (x) => add(mul(matrixTranspose(x), 2), 1),
    args: [pattern([1201, 997])],
  },
  "a sum of a million, and its gradient": {
    f: (x) => valueAndGrad((v: Tensor) => mean(square(v)))(x),
    args: [pattern([1_000_003])],
  },
  "softmax and its logarithm": { f: (x) => ({ p: softmax(x), l: logSoftmax(x) }), args: [pattern([5, 9])] },
  "a product with a long inner axis": { f: (a, b) => matmul(a, b), args: [pattern([3, 2050]), pattern([2050, 2], 1)] },
  "a product that is computed in tiles": {
    f: (a, b) => matmul(a, b),
    args: [pattern([130, 20]), pattern([20, 128], 1)],
  },
  "products of a batch": { f: (a, b) => matmul(a, b), args: [pattern([4, 3, 5]), pattern([4, 5, 2], 1)] },
  "a convolution's value and gradients": {
    f: (x, w) => valueAndGrad((v: Tensor[]) => sum(square(relu(conv2d(v[0], v[1], { padding: 1 })))))([x, w]),
    args: [pattern([2, 3, 6, 5]), pattern([4, 3, 3, 3], 1)],
  },
};

export async function checkProgram(device: GpuDevice, name: string): Promise<void> {
  const { f, args } = programs[name];
  const compiled = device.compile(f);
  // Twice: nothing of one call may be left for the next.
  await compiled(...args.map((x) => mul(x, 0.5)));
  const onCpu = f(...args);
  const found = await compiled(...args);
  await compiled.close();
  const flat = (value: unknown): Tensor[] =>
    Array.isArray(value)
      ? value.flatMap(flat)
      : typeof (value as Tensor).toTypedArray === "function"
        ? [value as Tensor]
        : Object.values(value as object).flatMap(flat);
  flat(onCpu).forEach((x, k) => {
    expect(distance(x, flat(found)[k])).toBeLessThanOrEqual(1e-5);
  });
}

/** Programs that are closed take nothing from those that are not. */
export async function checkClosing(device: GpuDevice): Promise<void> {
  const f = (x: Tensor) => tanh(matmul(x, x));
  const g = (x: Tensor) => sum(tanh(x), { axis: 0 });
  const stays = device.compile(f);
  for (let k = 0; k < 3; k++) {
    const x = pattern([4, 4], k);
    const goes = device.compile(g);
    expect(distance(g(x), await goes(x))).toBeLessThanOrEqual(1e-5);
    await goes.close();
    expect(distance(f(x), await stays(x))).toBeLessThanOrEqual(1e-5);
  }
  await stays.close();
}
