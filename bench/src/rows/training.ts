import type { Array as JaxArray } from "@jax-js/jax";
import type { Tensor as KinshipTensor } from "@kinship/tensor";
import type { Tensor as TfjsTensor } from "@tensorflow/tfjs";
import type { Prepared } from "../harness/family.js";
import type { Inputs, Values } from "../harness/values.js";
import type { Jax } from "../peers/jax.js";
import type { Kinship } from "../peers/kinship.js";
import type { Tfjs } from "../peers/tfjs.js";
import { ADAM, corrections } from "./adam.js";

/** A loss of named parameters and named data. */
export type Loss<T> = (parameters: Readonly<Record<string, T>>, data: Readonly<Record<string, T>>) => T;

interface Training<T> {
  readonly inputs: Inputs;
  /** Which of the inputs are learned; the others are data. Read in this order, after the loss. */
  readonly parameters: readonly string[];
  readonly loss: Loss<T>;
}

const { rate, beta1, beta2, epsilon } = ADAM;

export function record<T>(names: readonly string[], f: (name: string) => T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, f(name)]));
}

export const dataOf = ({ inputs, parameters }: Pick<Training<unknown>, "inputs" | "parameters">): string[] =>
  Object.keys(inputs).filter((name) => !parameters.includes(name));

interface KinshipTraining extends Prepared {
  /** The next step is the first again. */
  restart(): void;
  /** The parameters in their order: readable until the next step, which takes their memory. */
  trained(): KinshipTensor[];
}

/** A step of Adam on the loss: its value before the step. Under `compile` loss, gradient and update are one program. */
export function trainKinship(
  { ops, autodiff, compile, from }: Kinship,
  training: Training<KinshipTensor>,
): KinshipTraining {
  const { inputs, parameters, loss } = training;
  const { add, div, mul, sqrt, sub } = ops;
  type State = Record<string, KinshipTensor>;
  const each = (f: (name: string) => KinshipTensor): State => record(parameters, f);
  const lossAndGradient = autodiff.valueAndGrad((p: State, data: State) => loss(p, data));
  const update = (p: State, m: State, v: State, data: State, bias: State) => {
    const [value, g] = lossAndGradient(p, data);
    const m2 = each((name) => add(mul(m[name]!, beta1), mul(g[name]!, 1 - beta1)));
    const v2 = each((name) => add(mul(v[name]!, beta2), mul(mul(g[name]!, g[name]!), 1 - beta2)));
    const p2 = each((name) =>
      sub(p[name]!, div(mul(m2[name]!, mul(bias.first!, rate)), add(sqrt(mul(v2[name]!, bias.second!)), epsilon))),
    );
    return { value, p: p2, m: m2, v: v2 };
  };
  // The state goes from step to step; its first arrays are the row's own, which must stay as they are.
  const step = compile(update, { donate: [0, 1, 2] });
  const data = record(dataOf(training), (name) => from(inputs[name]!));
  const start = () => {
    const p = each((name) => add(from(inputs[name]!), 0));
    return { p, m: each((name) => ops.zerosLike(p[name]!)), v: each((name) => ops.zerosLike(p[name]!)) };
  };
  let { p, m, v } = start();
  let t = 0;
  const trained = () => parameters.map((name) => p[name]!);
  return {
    trained,
    restart: () => {
      ({ p, m, v } = start());
      t = 0;
    },
    run: () => {
      const { first, second } = corrections(++t);
      const next = step(p, m, v, data, { first: ops.tensor(first), second: ops.tensor(second) });
      ({ p, m, v } = next);
      return next.value;
    },
    read: (value) => [value as KinshipTensor, ...trained()].map((tensor) => tensor.toTypedArray()),
  };
}

/** The library's own Adam. `arrange` and `restore` where its layout of an array is not ours. */
export function trainTfjs(
  { tf, from }: Tfjs,
  training: Training<TfjsTensor> & {
    readonly arrange?: (name: string, tensor: TfjsTensor) => TfjsTensor;
    readonly restore?: (name: string, tensor: TfjsTensor) => TfjsTensor;
  },
): Prepared {
  const { inputs, parameters, loss, arrange = (_, tensor) => tensor, restore = (_, tensor) => tensor } = training;
  const state = record(parameters, (name) => tf.variable(arrange(name, from(inputs[name]!))));
  const data = record(dataOf(training), (name) => arrange(name, from(inputs[name]!)));
  const optimizer = tf.train.adam(rate, beta1, beta2, epsilon);
  const variables = parameters.map((name) => state[name]!);
  let last: TfjsTensor | undefined;
  return {
    run: () => {
      last?.dispose();
      last = optimizer.minimize(() => loss(state, data), true, variables);
      return last;
    },
    read: (value) => [
      (value as TfjsTensor).dataSync(),
      ...parameters.map((name) => restore(name, state[name]!).dataSync()),
    ],
  };
}

/** `jit` over loss, gradient and update. The loss owns its arguments, as every function there does. */
export function trainJax({ jax, np, from }: Jax, training: Training<JaxArray>): Prepared {
  const { inputs, parameters, loss } = training;
  type State = Record<string, JaxArray>;
  const each = (f: (name: string) => JaxArray): State => record(parameters, f);
  const step = jax.jit((p: State, m: State, v: State, data: State, first: JaxArray, second: JaxArray) => {
    const [value, g] = jax.valueAndGrad((q: State, d: State) => loss(q, d))(jax.tree.ref(p), data);
    const m2 = each((name) => m[name]!.mul(beta1).add(g[name]!.ref.mul(1 - beta1)));
    const v2 = each((name) => v[name]!.mul(beta2).add(np.square(g[name]!).mul(1 - beta2)));
    const p2 = each((name) =>
      p[name]!.sub(m2[name]!.ref.mul(first.ref).div(np.sqrt(v2[name]!.ref.mul(second.ref)).add(epsilon))),
    );
    first.dispose();
    second.dispose();
    return [value, p2, m2, v2] as const;
  });
  const data = record(dataOf(training), (name) => from(inputs[name]!));
  let p = each((name) => from(inputs[name]!));
  let m = each((name) => np.zeros([...inputs[name]!.shape]));
  let v = each((name) => np.zeros([...inputs[name]!.shape]));
  let t = 0;
  let last: JaxArray | undefined;
  return {
    asynchronous: true,
    run: async () => {
      last?.dispose();
      const { first, second } = corrections(++t);
      [last, p, m, v] = step(p, m, v, jax.tree.ref(data), np.array(rate * first), np.array(second));
      await last.blockUntilReady();
      for (const name of parameters) await p[name]!.blockUntilReady();
      return last;
    },
    read: (value) => [(value as JaxArray).ref.dataSync(), ...parameters.map((name) => p[name]!.ref.dataSync())],
  };
}

/** Labels as rows of a one-hot matrix, from values drawn in (−1, 1). */
export function oneHot({ data, shape }: Values, classes: number): Values {
  const labels = new Float32Array(data.length * classes);
  for (const [row, value] of data.entries()) labels[row * classes + Math.floor(((value + 1) / 2) * classes)] = 1;
  return { data: labels, shape: [shape[0]!, classes] };
}
