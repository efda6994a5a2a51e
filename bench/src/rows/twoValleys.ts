import type { Tensor as KinshipTensor } from "@kinship/tensor";
import { callFamily } from "../harness/family.js";
import type { Inputs } from "../harness/values.js";
import { ADAM, corrections, PlainAdam } from "./adam.js";

/**
 * The two objectives of Liu et al. (Conflict-averse gradient descent, 2021, appendix A.1): two numbers, two tasks,
 * a valley each, and Adam on their sum. Every operation is on one number: only overhead is left.
 */
const FLOOR = 5e-6;
const TASKS = [
  { slope: -7, shift: 0, centre: 7 },
  { slope: 3, shift: 2, centre: -7 },
] as const;

/** The gradient of both objectives' sum, written out. */
function plainGradient(a: number, b: number): [number, number] {
  const bend = Math.tanh(-b);
  const [upper, lower] = [Math.max(Math.tanh(b / 2), 0), Math.max(Math.tanh(-b / 2), 0)];
  const upperSlope = b > 0 ? (1 - upper * upper) / 2 : 0;
  const lowerSlope = b < 0 ? -(1 - lower * lower) / 2 : 0;
  const gradient: [number, number] = [0, 0];
  for (const { slope, shift, centre } of TASKS) {
    const inside = 0.5 * (-a + slope) - bend + shift;
    const depth = Math.abs(inside);
    const valley = Math.log(Math.max(depth, FLOOR)) + 6;
    const bowl = ((-a + centre) ** 2 + 0.1 * (-b - 8) ** 2) / 10 - 20;
    const away = depth > FLOOR ? Math.sign(inside) / depth : 0;
    gradient[0] += upper * away * -0.5 + (lower * -2 * (-a + centre)) / 10;
    gradient[1] +=
      upper * away * (1 - bend * bend) + valley * upperSlope + (lower * -0.2 * (-b - 8)) / 10 + bowl * lowerSlope;
  }
  return gradient;
}

function reference({ start }: Inputs, { steps }: { steps: number }): Float64Array[] {
  const point = Float64Array.from(start!.data);
  const adam = new PlainAdam([point]);
  for (let step = 0; step < steps; step++) adam.update([Float64Array.from(plainGradient(point[0]!, point[1]!))]);
  return [point];
}

export const twoValleys = callFamily<{ steps: number }>({
  name: "two valleys",
  about: "training of two numbers for two tasks: a gradient and a step of Adam, many times",
  cases: [
    { name: "100 steps", parameters: { steps: 100 }, quick: true },
    { name: "100,000 steps", parameters: { steps: 100_000 } },
  ],
  // At the bottom of a valley Adam swings with its rate, and float32 swings otherwise than float64.
  tolerance: ({ steps }) => (steps > 100 ? 1e-2 : 1e-3),
  inputs: () => ({ start: { data: Float32Array.of(-8.5, 7.5), shape: [2] } }),
  reference,
  work: () => ({}),
  implementations: {
    kinship: ({ ops, autodiff, compile, from }, { start }, { steps }) => {
      const { abs, add, div, log, maximum, mul, sqrt, square, sub, tanh } = ops;
      const begin = from(start!);
      const losses = (p: KinshipTensor) => {
        const [a, b] = [ops.slice(p, [0]), ops.slice(p, [1])];
        const bend = tanh(mul(b, -1));
        const upper = maximum(tanh(mul(b, 0.5)), 0);
        const lower = maximum(tanh(mul(b, -0.5)), 0);
        return TASKS.map(({ slope, shift, centre }) => {
          const inside = add(sub(mul(sub(slope, a), 0.5), bend), shift);
          const valley = add(log(maximum(abs(inside), FLOOR)), 6);
          const bowl = sub(div(add(square(sub(centre, a)), mul(square(sub(-8, b)), 0.1)), 10), 20);
          return add(mul(valley, upper), mul(bowl, lower));
        }).reduce((sum, term) => add(sum, term));
      };
      const gradient = autodiff.grad(losses);
      const { rate, beta1, beta2, epsilon } = ADAM;
      type A = KinshipTensor;
      const step = compile((p: A, m: A, v: A, first: A, second: A) => {
        const g = gradient(p);
        const m2 = add(mul(m, beta1), mul(g, 1 - beta1));
        const v2 = add(mul(v, beta2), mul(square(g), 1 - beta2));
        const p2 = sub(p, div(mul(m2, mul(first, rate)), add(sqrt(mul(v2, second)), epsilon)));
        return { p: p2, m: m2, v: v2 };
      });
      return {
        run: () => {
          let state = { p: begin, m: ops.zerosLike(begin), v: ops.zerosLike(begin) };
          for (let t = 1; t <= steps; t++) {
            const bias = corrections(t);
            state = step(state.p, state.m, state.v, ops.tensor(bias.first), ops.tensor(bias.second));
          }
          return state.p;
        },
        read: (p) => [(p as KinshipTensor).toTypedArray()],
      };
    },
    tfjs: ({ tf, from }, { start }, { steps }) => ({
      run: () => {
        const p = tf.variable(from(start!));
        const optimizer = tf.train.adam(ADAM.rate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
        for (let t = 0; t < steps; t++)
          optimizer
            .minimize(
              () => {
                const [a, b] = [tf.slice(p, [0], [1]), tf.slice(p, [1], [1])];
                const bend = tf.tanh(tf.mul(b, -1));
                const upper = tf.maximum(tf.tanh(tf.mul(b, 0.5)), 0);
                const lower = tf.maximum(tf.tanh(tf.mul(b, -0.5)), 0);
                const total = TASKS.map(({ slope, shift, centre }) => {
                  const inside = tf.add(tf.sub(tf.mul(tf.sub(slope, a), 0.5), bend), shift);
                  const valley = tf.add(tf.log(tf.maximum(tf.abs(inside), FLOOR)), 6);
                  const bowl = tf.sub(
                    tf.div(tf.add(tf.square(tf.sub(centre, a)), tf.mul(tf.square(tf.sub(-8, b)), 0.1)), 10),
                    20,
                  );
                  return tf.add(tf.mul(valley, upper), tf.mul(bowl, lower));
                }).reduce((sum, term) => tf.add(sum, term));
                return tf.sum(total);
              },
              true,
              [p],
            )
            .dispose();
        const result = p.dataSync();
        p.dispose();
        return result;
      },
      read: (result) => [result as Float32Array],
    }),
    jax: ({ jax, np, from }, { start }, { steps }) => {
      const first = from(start!);
      type A = typeof first;
      const { rate, beta1, beta2, epsilon } = ADAM;
      const losses = (point: { a: A; b: A }) => {
        const { a, b } = point;
        const bend = np.tanh(b.ref.mul(-1));
        const upper = np.maximum(np.tanh(b.ref.mul(0.5)), 0);
        const lower = np.maximum(np.tanh(b.ref.mul(-0.5)), 0);
        const terms = TASKS.map(({ slope, shift, centre }) => {
          const inside = a.ref.mul(-1).add(slope).mul(0.5).sub(bend.ref).add(shift);
          const valley = np.log(np.maximum(np.abs(inside), FLOOR)).add(6);
          const across = np.square(a.ref.mul(-1).add(centre));
          const along = np.square(b.ref.mul(-1).sub(8)).mul(0.1);
          const bowl = across.add(along).div(10).sub(20);
          return valley.mul(upper.ref).add(bowl.mul(lower.ref));
        });
        for (const used of [a, b, bend, upper, lower]) used.dispose();
        return terms.reduce((sum, term) => sum.add(term));
      };
      type State = { a: A; b: A };
      const each = (f: (name: "a" | "b") => A): State => ({ a: f("a"), b: f("b") });
      const step = jax.jit((p: State, m: State, v: State, alpha: A, second: A) => {
        const g = jax.grad(losses)({ a: p.a.ref, b: p.b.ref });
        const m2 = each((name) => m[name].mul(beta1).add(g[name].ref.mul(1 - beta1)));
        const v2 = each((name) => v[name].mul(beta2).add(np.square(g[name]).mul(1 - beta2)));
        const p2 = each((name) =>
          p[name].sub(m2[name].ref.mul(alpha.ref).div(np.sqrt(v2[name].ref.mul(second.ref)).add(epsilon))),
        );
        alpha.dispose();
        second.dispose();
        return [p2, m2, v2] as const;
      });
      return {
        asynchronous: true,
        run: async () => {
          const at = (i: number) => np.array(start!.data[i]!);
          let [p, m, v] = [{ a: at(0), b: at(1) }, each(() => np.array(0)), each(() => np.array(0))];
          for (let t = 1; t <= steps; t++) {
            const bias = corrections(t);
            [p, m, v] = step(p, m, v, np.array(rate * bias.first), np.array(bias.second));
          }
          return [...p.a.dataSync(), ...p.b.dataSync()];
        },
        read: (point) => [point as number[]],
      };
    },
  },
});
