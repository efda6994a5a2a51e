import { valueAndGrad } from "@kinship/autodiff";
import {
  add,
  conv2d,
  exp,
  log,
  matmul,
  mean,
  mul,
  sin,
  softmax,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  zeros,
} from "@kinship/tensor";
import { compile, compiler, convolver, donor, explainer, streamer, verifier } from "@kinship/tensor/compile";
import * as routines from "@kinship/tensor/routines";
import { describe, expect, test } from "vitest";

const wave = (shape: readonly number[], turn: number): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, k) => Math.sin(turn + 0.7 * k)),
    { shape },
  );

/** A step of training two layers by the cross-entropy. */
function step(weights: readonly [Tensor, Tensor], x: Tensor, y: Tensor) {
  const loss = ([a, b]: readonly [Tensor, Tensor]) => {
    const likely = softmax(matmul(tanh(matmul(x, a)), b));
    return mul(mean(sum(mul(y, log(likely)), { axis: 1 })), -1);
  };
  const [value, [a, b]] = valueAndGrad(loss)(weights);
  return [value, sub(weights[0], mul(a, 0.1)), sub(weights[1], mul(b, 0.1))] as const;
}

const { exp: expRoutine, log: logRoutine, tanh: tanhRoutine, sin: sinRoutine } = routines;
const lean = compiler({ routines: { exp: expRoutine, log: logRoutine, tanh: tanhRoutine } });

describe("a compiler of some parts", () => {
  test("gives the bits that compile gives", () => {
    const args = [[wave([5, 7], 1), wave([7, 3], 2)] as const, wave([9, 5], 3), wave([9, 3], 4)] as const;
    expect(lean(step)(...args).map(String)).toEqual(compile(step)(...args).map(String));
  });

  test("says which routine it lacks, and compiles the next function", () => {
    const f = lean((x: Tensor) => sin(x));
    const message =
      'compile: this compiler was made without a routine for sin; import { sin } from "@kinship/tensor/routines" and add it to compiler({ routines: { … } }), or take compile, which has all of them';
    expect(() => f(zeros([3]))).toThrow(message);
    expect(() => f(zeros([3]))).toThrow(message);
    expect(lean((x: Tensor) => exp(x))(zeros([3])).toArray()).toEqual([1, 1, 1]);
    expect(compiler({ routines: { sin: sinRoutine } })((x: Tensor) => sin(x))(zeros([2])).toArray()).toEqual([0, 0]);
  });

  test("explains with an explainer", () => {
    const f = (x: Tensor) => add(exp(x), 1);
    expect(() => lean(f).explain(zeros([3]))).toThrow("add explainer to the parts of compiler");
    expect(() => lean(f, { profile: true })).toThrow("profile: this compiler was made without it; add explainer");
    const explaining = compiler({ routines: { exp: expRoutine }, explainer });
    expect(explaining(f).explain(zeros([3]))).toEqual({
      ...compile(f).explain(zeros([3])),
      toString: expect.any(Function),
    });
  });

  test("convolves by small products without a convolver, by patches with one", () => {
    const whole = (shape: readonly number[]) => {
      const size = shape.reduce((x, y) => x * y, 1);
      return tensor(
        Float32Array.from({ length: size }, (_, k) => ((7 * k) % 11) - 5),
        { shape },
      );
    };
    const loss = (x: Tensor, f: Tensor) => sum(mul(conv2d(x, f, { padding: 1, stride: 2 }), 3));
    const f = valueAndGrad(loss, { arguments: [0, 1] });
    const args = [whole([2, 3, 9, 8]), whole([4, 3, 3, 3])] as const;
    const productsOf = (make: typeof compile) => {
      const compiled = make(f, { verify: verifier });
      expect(compiled(...args).map(String)).toEqual(f(...args).map(String));
      return compiled.explain(...args).passes.fuse;
    };
    expect(productsOf(compiler({ routines: {}, explainer }))).not.toContain("patch");
    expect(productsOf(compiler({ routines: {}, explainer, convolver }))).toBe(productsOf(compile));
    expect(productsOf(compile)).toContain("patch");
  });

  test("takes arguments' memory with a donor", () => {
    const next = (w: Tensor, g: Tensor) => sub(w, mul(g, 0.5));
    const message = "donate: this compiler was made without it; add donor to the parts of compiler({ … })";
    expect(() => lean(next, { donate: [0] })).toThrow(message);
    const donating = compiler({ routines: {}, donor })(next, { donate: [0] });
    const w = tensor([2, 4]);
    const memory = w.data;
    const once = donating(w, tensor([2, 2]));
    expect(() => w.toArray()).toThrow("was donated");
    const twice = donating(once, tensor([2, 2]));
    expect(twice.toArray()).toEqual([0, 2]);
    expect(twice.data).toBe(memory);
  });

  test("runs large programs in one piece without a streamer, stretch by stretch with one", () => {
    const f = (x: Tensor) => mul(add(x, 1), x);
    const x = wave([1 << 18], 5);
    const bytesOf = (made: typeof compile) => made(f).explain(x).memoryBytes;
    const whole = compiler({ routines: {}, explainer });
    expect(bytesOf(whole)).toBeGreaterThan(4 * bytesOf(compile));
    expect(bytesOf(compiler({ routines: {}, explainer, streamer }))).toBe(bytesOf(compile));
    expect(whole(f)(x).toTypedArray()).toEqual(compile(f)(x).toTypedArray());
  });
});
