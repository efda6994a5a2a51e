import type { Tensor as KinshipTensor } from "@kinship/tensor";
import { callFamily } from "../harness/family.js";
import { type Inputs, uniform } from "../harness/values.js";
import { ADAM, corrections, PlainAdam } from "./adam.js";
import { addTo, affine, affineBackward, relu, reluBackward } from "./plain.js";

type Sizes = { batch: number; features: number; width: number; heads: number };

const parametersOf = ({ features, width, heads }: Sizes): Inputs => ({
  w1: uniform([features, width], 1, 2 ** -2),
  b1: uniform([width], 2, 2 ** -3),
  w2: uniform([width, width], 3, 2 ** -2),
  b2: uniform([width], 4, 2 ** -3),
  ...Object.fromEntries(
    Array.from({ length: heads }, (_, head) => [
      [`w_${head}`, uniform([width, 1], 10 + head, 2 ** -2)],
      [`b_${head}`, uniform([1], 20 + head, 2 ** -3)],
    ]).flat(),
  ),
});

const targetsOf = ({ batch, heads }: Sizes): Inputs =>
  Object.fromEntries(Array.from({ length: heads }, (_, head) => [`y_${head}`, uniform([batch, 1], 30 + head)]));

/** Names of a step's parameters, in the order in which they are verified. */
const parameterNames = (sizes: Sizes): string[] => Object.keys(parametersOf(sizes));

const headsOf = ({ heads }: Sizes): number[] => Array.from({ length: heads }, (_, head) => head);

const STEPS = 5;

/** In plain loops: the loss of the last step before it is taken, then the parameters after it. */
function reference(inputs: Inputs, sizes: Sizes): Float64Array[] {
  const names = parameterNames(sizes);
  const state = Object.fromEntries(names.map((name) => [name, Float64Array.from(inputs[name]!.data)]));
  const adam = new PlainAdam(names.map((name) => state[name]!));
  const x = Float64Array.from(inputs.x!.data);
  let loss = 0;
  for (let step = 0; step < STEPS; step++) {
    const h1 = relu(affine(x, state.w1!, state.b1!));
    const h2 = relu(affine(h1, state.w2!, state.b2!));
    const gradients: Record<string, Float64Array> = {};
    const h2Gradient = new Float64Array(h2.length);
    loss = 0;
    for (const head of headsOf(sizes)) {
      const y = inputs[`y_${head}`]!.data;
      const difference = affine(h2, state[`w_${head}`]!, state[`b_${head}`]!).map((value, i) => value - y[i]!);
      loss += difference.reduce((sum, value) => sum + value * value, 0) / sizes.batch;
      const seed = difference.map((value) => (2 * value) / sizes.batch);
      const back = affineBackward(h2, state[`w_${head}`]!, 1, seed);
      addTo(h2Gradient, back.x);
      gradients[`w_${head}`] = back.w;
      gradients[`b_${head}`] = back.b;
    }
    const second = affineBackward(h1, state.w2!, sizes.width, reluBackward(h2, h2Gradient));
    const first = affineBackward(x, state.w1!, sizes.width, reluBackward(h1, second.x));
    Object.assign(gradients, { w2: second.w, b2: second.b, w1: first.w, b1: first.b });
    adam.update(names.map((name) => gradients[name]!));
  }
  return [Float64Array.of(loss), ...names.map((name) => state[name]!)];
}

/** A step of training: two shared layers, a head of one unit a task, the sum of mean squared errors, Adam. */
export const mlpStep = callFamily<Sizes>({
  name: "MLP step",
  about: "one step of training 28→64→64 with a one-unit head for each task, by Adam",
  cases: [
    {
      name: "4 tasks, batch 64",
      parameters: { batch: 64, features: 28, width: 64, heads: 4 },
      quick: true,
    },
  ],
  runsBeforeReading: STEPS,
  compiles: true,
  tolerance: () => 1e-4,
  inputs: (sizes) => ({
    x: uniform([sizes.batch, sizes.features], 5),
    ...parametersOf(sizes),
    ...targetsOf(sizes),
  }),
  reference,
  // Forward and two products backward for each layer, but none for the inputs.
  work: ({ batch, features, width, heads }) => ({
    flops: 2 * batch * (2 * features * width + 3 * width * width + 3 * width * heads),
  }),
  implementations: {
    kinship: ({ ops, autodiff, compile, from }, inputs, sizes) => {
      type State = Record<string, KinshipTensor>;
      const { add, div, matmul, maximum, mean, mul, sqrt, sub } = ops;
      const names = parameterNames(sizes);
      const each = (f: (name: string) => KinshipTensor): State =>
        Object.fromEntries(names.map((name) => [name, f(name)]));
      const x = from(inputs.x!);
      const y = headsOf(sizes).map((head) => from(inputs[`y_${head}`]!));
      const lossAndGradient = autodiff.valueAndGrad((p: State, rows: KinshipTensor, targets: KinshipTensor[]) => {
        const h1 = maximum(add(matmul(rows, p.w1!), p.b1!), 0);
        const h2 = maximum(add(matmul(h1, p.w2!), p.b2!), 0);
        return headsOf(sizes)
          .map((head) => {
            const difference = sub(add(matmul(h2, p[`w_${head}`]!), p[`b_${head}`]!), targets[head]!);
            return mean(mul(difference, difference));
          })
          .reduce((sum, term) => add(sum, term));
      });
      const { rate, beta1, beta2, epsilon } = ADAM;
      const step = compile(
        (p: State, m: State, v: State, rows: KinshipTensor, targets: KinshipTensor[], bias: State) => {
          const [loss, g] = lossAndGradient(p, rows, targets);
          const m2 = each((name) => add(mul(m[name]!, beta1), mul(g[name]!, 1 - beta1)));
          const v2 = each((name) => add(mul(v[name]!, beta2), mul(mul(g[name]!, g[name]!), 1 - beta2)));
          const p2 = each((name) =>
            sub(
              p[name]!,
              div(mul(m2[name]!, mul(bias.first!, rate)), add(sqrt(mul(v2[name]!, bias.second!)), epsilon)),
            ),
          );
          return { loss, p: p2, m: m2, v: v2 };
        },
      );
      let p = each((name) => from(inputs[name]!));
      let m = each((name) => ops.zerosLike(p[name]!));
      let v = each((name) => ops.zerosLike(p[name]!));
      let t = 0;
      return {
        run: () => {
          const { first, second } = corrections(++t);
          const next = step(p, m, v, x, y, { first: ops.tensor(first), second: ops.tensor(second) });
          ({ p, m, v } = next);
          return next.loss;
        },
        read: (loss) => [(loss as KinshipTensor).toTypedArray(), ...names.map((name) => p[name]!.toTypedArray())],
      };
    },
    tfjs: ({ tf, from }, inputs, sizes) => {
      const names = parameterNames(sizes);
      const x = from(inputs.x!);
      const y = headsOf(sizes).map((head) => from(inputs[`y_${head}`]!));
      const state = Object.fromEntries(names.map((name) => [name, tf.variable(from(inputs[name]!))]));
      const optimizer = tf.train.adam(ADAM.rate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
      const variables = names.map((name) => state[name]!);
      const loss = () => {
        const h1 = tf.relu(tf.add(tf.matMul(x, state.w1!), state.b1!));
        const h2 = tf.relu(tf.add(tf.matMul(h1, state.w2!), state.b2!));
        return headsOf(sizes)
          .map((head) =>
            tf.mean(tf.square(tf.sub(tf.add(tf.matMul(h2, state[`w_${head}`]!), state[`b_${head}`]!), y[head]!))),
          )
          .reduce((sum, term) => tf.add(sum, term));
      };
      let last: ReturnType<typeof loss> | undefined;
      return {
        run: () => {
          last?.dispose();
          last = optimizer.minimize(loss, true, variables);
          return last;
        },
        read: (value) => [(value as typeof x).dataSync(), ...variables.map((variable) => variable.dataSync())],
      };
    },
    jax: ({ jax, np, from }, inputs, sizes) => {
      const names = parameterNames(sizes);
      const heads = headsOf(sizes);
      const x = from(inputs.x!);
      type State = Record<string, typeof x>;
      const y = heads.map((head) => from(inputs[`y_${head}`]!));
      const loss = (p: State, rows: typeof x, targets: (typeof x)[]) => {
        const h1 = jax.nn.relu(np.matmul(rows, p.w1!).add(p.b1!));
        const h2 = jax.nn.relu(np.matmul(h1, p.w2!).add(p.b2!));
        const terms = heads.map((head) =>
          np.mean(np.square(np.matmul(h2.ref, p[`w_${head}`]!).add(p[`b_${head}`]!).sub(targets[head]!))),
        );
        h2.dispose();
        return terms.reduce((sum, term) => sum.add(term));
      };
      const { rate, beta1, beta2, epsilon } = ADAM;
      const each = (f: (name: string) => typeof x): State => Object.fromEntries(names.map((name) => [name, f(name)]));
      const step = jax.jit(
        (p: State, m: State, v: State, rows: typeof x, targets: (typeof x)[], first: typeof x, second: typeof x) => {
          const [value, g] = jax.valueAndGrad(loss)(jax.tree.ref(p), rows, targets);
          const m2 = each((name) => m[name]!.mul(beta1).add(g[name]!.ref.mul(1 - beta1)));
          const v2 = each((name) => v[name]!.mul(beta2).add(np.square(g[name]!).mul(1 - beta2)));
          const p2 = each((name) =>
            p[name]!.sub(m2[name]!.ref.mul(first.ref).div(np.sqrt(v2[name]!.ref.mul(second.ref)).add(epsilon))),
          );
          first.dispose();
          second.dispose();
          return [value, p2, m2, v2] as const;
        },
      );
      let state: State = each((name) => from(inputs[name]!));
      let m: State = each((name) => np.zeros([...inputs[name]!.shape]));
      let v: State = each((name) => np.zeros([...inputs[name]!.shape]));
      let t = 0;
      let last: typeof x | undefined;
      return {
        asynchronous: true,
        run: async () => {
          last?.dispose();
          const { first, second } = corrections(++t);
          const targets = y.map((target) => target.ref);
          [last, state, m, v] = step(state, m, v, x.ref, targets, np.array(rate * first), np.array(second));
          await last.blockUntilReady();
          await state.w1!.blockUntilReady();
          return last;
        },
        read: (value) => [(value as typeof x).ref.dataSync(), ...names.map((name) => state[name]!.ref.dataSync())],
      };
    },
    jsPytorch: ({ torch, from, parameter }, inputs, sizes) => {
      const names = parameterNames(sizes);
      const x = from(inputs.x!);
      const y = headsOf(sizes).map((head) => from(inputs[`y_${head}`]!));
      const state = Object.fromEntries(names.map((name) => [name, parameter(inputs[name]!)]));
      const optimizer = new torch.optim.Adam(
        names.map((name) => state[name]!),
        ADAM.rate,
        0,
        [ADAM.beta1, ADAM.beta2],
        ADAM.epsilon,
      );
      let t = 0;
      // Its ReLU lets a thousandth of the negative through: the same mask and product, with zeros.
      const mask = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map((value) => (value > 0 ? 1 : 0)));
      const relu = (z: typeof x) => z.mul(torch.tensor(mask(z.data as unknown as number[][])));
      return {
        run: () => {
          const h1 = relu(torch.add(torch.matmul(x, state.w1!), state.b1!));
          const h2 = relu(torch.add(torch.matmul(h1, state.w2!), state.b2!));
          const loss = headsOf(sizes)
            .map((head) => {
              const prediction = torch.add(torch.matmul(h2, state[`w_${head}`]!), state[`b_${head}`]!);
              const difference = prediction.sub(y[head]!);
              // A sum is over the last axis; MSELoss divides by the batch twice.
              return torch.mul(difference, difference).sum().sum().div(sizes.batch);
            })
            .reduce((sum, term) => torch.add(sum, term));
          loss.backward();
          // Its Adam leaves out bias correction: the same update with a rate and an ε of this step's own.
          const { first, second } = corrections(++t);
          optimizer.lr = (ADAM.rate * first) / Math.sqrt(second);
          optimizer.eps = ADAM.epsilon / Math.sqrt(second);
          optimizer.step();
          optimizer.zero_grad();
          return loss;
        },
        read: (loss) =>
          [loss as typeof x, ...names.map((name) => state[name]!)].map(
            ({ data }) => ([data] as unknown[]).flat(Number.POSITIVE_INFINITY) as number[],
          ),
      };
    },
  },
});
