import { grad, valueAndGrad } from "@kinship/autodiff";
import { adam } from "@kinship/mtl";
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
import { compile } from "@kinship/tensor/compile";
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

export interface State {
  readonly layers: readonly { readonly weight: Tensor; readonly bias: Tensor }[];
  readonly momentum: readonly { readonly weight: Tensor; readonly bias: Tensor }[];
}

export const freshState = (): State => {
  const layers = [
    { weight: mul(pattern([6, 16], 1), 0.5), bias: pattern([16], 2) },
    { weight: mul(pattern([16, 3], 3), 0.5), bias: pattern([3], 4) },
  ];
  return { layers, momentum: layers.map(({ weight, bias }) => ({ weight: mul(weight, 0), bias: mul(bias, 0) })) };
};

/** A step of gradient descent with momentum on a perceptron with one hidden layer. */
export function trainingStep({ layers, momentum }: State, x: Tensor, y: Tensor): { state: State; loss: Tensor } {
  const [loss, gradient] = valueAndGrad((own: State["layers"]) => {
    const hidden = tanh(add(matmul(x, own[0].weight), own[0].bias));
    return mean(square(sub(add(matmul(hidden, own[1].weight), own[1].bias), y)));
  })(layers);
  const next = momentum.map((m, k) => ({
    weight: add(mul(m.weight, 0.9), gradient[k].weight),
    bias: add(mul(m.bias, 0.9), gradient[k].bias),
  }));
  return {
    state: {
      layers: layers.map((layer, k) => ({
        weight: sub(layer.weight, mul(next[k].weight, 0.02)),
        bias: sub(layer.bias, mul(next[k].bias, 0.02)),
      })),
      momentum: next,
    },
    loss,
  };
}

/** Steps on the device, kept there and read once, against steps on the CPU. Returns the last loss. */
export async function checkTraining(device: GpuDevice, steps: number): Promise<number> {
  const [x, y] = [pattern([10, 6], 5), pattern([10, 3], 6)];
  const before = device.explain().arrays;
  const onCpu = compile(trainingStep);
  const step = device.compile(trainingStep, { keep: true, donate: [0] });
  let expected = { state: freshState(), loss: tensor(0) };
  let found = await step(freshState(), x, y);
  expected = onCpu(expected.state, x, y);
  const first = device.explain();
  for (let k = 1; k < steps; k++) {
    expected = onCpu(expected.state, x, y);
    await device.release(found.loss);
    found = await step(found.state, x, y);
  }
  const last = device.explain();
  expect(last.readbacks).toBe(first.readbacks);
  // Each step frees the state that it replaces.
  expect(last.arrays).toBe(first.arrays);
  const { state, loss } = await device.read(found);
  await device.release(found);
  await step.close();
  expect(device.explain().arrays).toBe(before);
  for (const [k, layer] of expected.state.layers.entries()) {
    expect(distance(layer.weight, state.layers[k].weight)).toBeLessThanOrEqual(1e-4);
    expect(distance(layer.bias, state.layers[k].bias)).toBeLessThanOrEqual(1e-4);
  }
  expect(distance(expected.loss, loss)).toBeLessThanOrEqual(1e-4);
  return loss.item();
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

/** Steps of a library's optimizer, which counts them in float64, on a device that takes that as float32. */
export async function checkOptimizer(narrow: GpuDevice): Promise<void> {
  const method = adam({ learningRate: 0.01 });
  const [x, y] = [pattern([10, 6], 5), pattern([10, 3], 6)];
  const loss = ({ layers }: Pick<State, "layers">) => {
    const hidden = relu(add(matmul(x, layers[0].weight), layers[0].bias));
    return mean(square(sub(add(matmul(hidden, layers[1].weight), layers[1].bias), y)));
  };
  type Training = { parameters: Pick<State, "layers">; state: ReturnType<typeof method.start<Pick<State, "layers">>> };
  const step = ({ parameters, state }: Training): Training => method.update(state, grad(loss)(parameters), parameters);
  const parameters = { layers: freshState().layers };
  let expected: Training = { parameters, state: method.start(parameters) };
  const onDevice = narrow.compile(step, { keep: true, donate: [0] });
  let found = expected;
  for (let k = 0; k < 20; k++) {
    expected = step(expected);
    found = await onDevice(found);
  }
  const read = await narrow.read(found);
  await narrow.release(found);
  await onDevice.close();
  expect([read.state.step.dtype, read.state.step.item()]).toEqual(["float64", 20]);
  for (const [k, { weight }] of expected.parameters.layers.entries())
    expect(distance(weight, read.parameters.layers[k].weight)).toBeLessThanOrEqual(1e-3);
}
