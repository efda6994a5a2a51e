import { callFamily } from "../harness/family.js";
import { uniform } from "../harness/values.js";

/** ∇ Σ (x ∘ x) of a vector so small that only the cost of recording and walking back is left. */
export const smallGradient = callFamily<{ size: number }>({
  name: "∇ Σ x²",
  about: "the gradient of a sum of squares",
  cases: [{ name: "8 elements", parameters: { size: 8 }, quick: true }],
  tolerance: () => 1e-7,
  inputs: ({ size }) => ({ x: uniform([size], 1) }),
  reference: ({ x }) => [Float64Array.from(x!.data, (value) => 2 * value)],
  work: () => ({}),
  implementations: {
    kinship: ({ ops, autodiff, compile, from, computes }, { x }) => {
      const point = from(x!);
      const gradient = compile(autodiff.grad((p: typeof point) => ops.sum(ops.mul(p, p))));
      return computes(() => gradient(point));
    },
    tfjs: ({ tf, from, computes }, { x }) => {
      const point = from(x!);
      const gradient = tf.grad((p) => tf.sum(tf.mul(p, p)));
      return computes(() => gradient(point));
    },
    jax: ({ jax, np, from, computes }, { x }) => {
      const point = from(x!);
      const gradient = jax.jit(jax.grad((p: typeof point) => np.sum(p.ref.mul(p))));
      return computes(() => gradient(point.ref));
    },
    jsPytorch: ({ parameter, computes, torch }, { x }) => {
      const point = parameter(x!);
      return computes(() => {
        point.zero_grad();
        torch.mul(point, point).sum().backward();
        return { data: point.grad } as typeof point;
      });
    },
  },
});
