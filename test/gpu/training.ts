import { grad, valueAndGrad } from "@kinship/autodiff";
import { adam } from "@kinship/mtl";
import {
  add,
  conv2d,
  matmul,
  maxPool2d,
  mean,
  mul,
  relu,
  reshape,
  square,
  sub,
  type Tensor,
  tanh,
} from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import type { GpuDevice } from "@kinship/tensor/gpu";
import { expect } from "vitest";
import { distance } from "./laws.js";
import { pattern } from "./programs.js";

type Layers = readonly { readonly weight: Tensor; readonly bias: Tensor }[];

interface State {
  readonly layers: Layers;
  readonly momentum: Layers;
}

interface Model {
  readonly layers: () => Layers;
  readonly predict: (layers: Layers, x: Tensor) => Tensor;
  readonly x: Tensor;
  readonly y: Tensor;
}

/** A perceptron with one hidden layer, and a network that convolves and pools. */
export const models: Readonly<Record<"perceptron" | "convolutional", Model>> = {
  perceptron: {
    layers: () => [
      { weight: mul(pattern([6, 16], 1), 0.5), bias: pattern([16], 2) },
      { weight: mul(pattern([16, 3], 3), 0.5), bias: pattern([3], 4) },
    ],
    predict: ([hidden, out], x) => add(matmul(tanh(add(matmul(x, hidden.weight), hidden.bias)), out.weight), out.bias),
    x: pattern([10, 6], 5),
    y: pattern([10, 3], 6),
  },
  convolutional: {
    layers: () => [
      { weight: mul(pattern([4, 1, 3, 3], 1), 0.5), bias: mul(pattern([4, 1, 1], 2), 0.1) },
      { weight: mul(pattern([6, 4, 2, 2], 3), 0.5), bias: mul(pattern([6, 1, 1], 4), 0.1) },
      { weight: mul(pattern([24, 3], 5), 0.5), bias: pattern([3], 6) },
    ],
    predict: ([first, second, out], x) => {
      const seen = maxPool2d(relu(add(conv2d(x, first.weight), first.bias)), 2);
      const features = tanh(add(conv2d(seen, second.weight), second.bias));
      return add(matmul(reshape(features, [-1, 24]), out.weight), out.bias);
    },
    x: pattern([8, 1, 8, 8], 7),
    y: pattern([8, 3], 8),
  },
};

const stateOf = ({ layers }: Model): State => ({
  layers: layers(),
  momentum: layers().map(({ weight, bias }) => ({ weight: mul(weight, 0), bias: mul(bias, 0) })),
});

/** A step of gradient descent with momentum. */
const stepOf =
  ({ predict }: Model) =>
  ({ layers, momentum }: State, x: Tensor, y: Tensor): { state: State; loss: Tensor } => {
    const [loss, gradient] = valueAndGrad((own: Layers) => mean(square(sub(predict(own, x), y))))(layers);
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
  };

/** Steps on the device, kept there and read once, against steps on the CPU. Returns the first loss and the last. */
export async function checkTraining(
  device: GpuDevice,
  name: keyof typeof models,
  steps: number,
): Promise<readonly [first: number, last: number]> {
  const model = models[name];
  const { x, y } = model;
  const before = device.explain().arrays;
  const onCpu = compile(stepOf(model));
  const step = device.compile(stepOf(model), { keep: true, donate: [0] });
  let found = await step(stateOf(model), x, y);
  let expected = onCpu(stateOf(model), x, y);
  const start = expected.loss.item();
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
  return [start, loss.item()];
}

/** Steps of a library's optimizer, which counts them in float64, on a device that takes that as float32. */
export async function checkOptimizer(narrow: GpuDevice): Promise<void> {
  const method = adam({ learningRate: 0.01 });
  const { x, y, layers } = models.perceptron;
  const loss = ({ layers: [hidden, out] }: Pick<State, "layers">) => {
    const seen = relu(add(matmul(x, hidden.weight), hidden.bias));
    return mean(square(sub(add(matmul(seen, out.weight), out.bias), y)));
  };
  type Training = { parameters: Pick<State, "layers">; state: ReturnType<typeof method.start<Pick<State, "layers">>> };
  const step = ({ parameters, state }: Training): Training => method.update(state, grad(loss)(parameters), parameters);
  const parameters = { layers: layers() };
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
