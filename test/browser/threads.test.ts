import { valueAndGrad } from "@kinship/autodiff";
import { conv2d, matmul, mean, mul, softmax, square, sub, type Tensor, tanh, tensor } from "@kinship/tensor";
import { compile, type Threads } from "@kinship/tensor/compile";
import { openThreads } from "@kinship/tensor/threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { threadBytes, threadWord, word } from "../../packages/tensor/src/threads/words.js";

let threads: Threads;
beforeAll(async () => {
  threads = await openThreads(3);
});
afterAll(() => threads.close());

const wave = (shape: readonly number[], shift: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Array.from({ length: size }, (_, k) => Math.sin(1.7 * k + shift)),
    { shape },
  );
};

const same = (a: Tensor, b: Tensor): boolean => {
  const [p, q] = [a.toTypedArray(), b.toTypedArray()];
  return p.length === q.length && p.every((x, k) => Object.is(x, q[k]));
};

const descent = (w: Tensor, x: Tensor, y: Tensor): Tensor => {
  const [, gradient] = valueAndGrad((v: Tensor) => mean(square(sub(tanh(matmul(x, v)), y))))(w);
  return sub(w, mul(gradient, 0.1));
};

const programs: Record<string, [(...xs: Tensor[]) => Tensor, Tensor[]]> = {
  product: [matmul, [wave([300, 200], 1), wave([200, 310], 2)]],
  softmax: [(x) => softmax(x), [wave([400, 300], 1)]],
  convolution: [(x, w) => conv2d(x, w), [wave([8, 8, 30, 30], 1), wave([12, 8, 3, 3], 2)]],
  "a step of a descent": [descent, [wave([80, 60], 1), wave([500, 80], 2), wave([500, 60], 3)]],
};

test("this page is isolated, and its own thread may not sleep", () => {
  expect(crossOriginIsolated).toBe(true);
  expect(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1)).toThrow();
});

for (const [name, [f, args]] of Object.entries(programs))
  test(`${name}: the same bits as one thread, call after call`, () => {
    const several = compile(f, { threads });
    expect(Math.max(...several.explain(...args).kernels.map(({ shares }) => shares))).toBeGreaterThan(1);
    const expected = compile(f)(...args);
    for (let call = 0; call < 20; call++) expect(same(several(...args), expected)).toBe(true);
  });

test("workers come to help before the page turns to its events again", async () => {
  const own = await openThreads(2);
  const { crew } = own;
  const inside = (word.threads + threadBytes + threadWord.isInside) / 4;
  let helpers = 0;
  const watched: Threads = {
    ...own,
    crew: {
      mostShared: (program) => crew.mostShared(program),
      share: (program) => crew.share(program),
      check: () => crew.check(),
      enlist(module, memory, control) {
        const together = crew.enlist(module, memory, control);
        const words = new Int32Array(memory.buffer, control);
        return (run) =>
          together(() => {
            run();
            // The call is not over yet: whoever was called is there, or comes.
            const latest = Date.now() + 30_000;
            while (helpers === 0 && Date.now() < latest) helpers = Atomics.load(words, inside);
          });
      },
    },
  };
  const x = wave([300, 300], 1);
  compile((y: Tensor) => matmul(y, y), { threads: watched })(x);
  own.close();
  expect(helpers).toBeGreaterThan(0);
});

test("closed threads leave their functions to one", async () => {
  const own = await openThreads(2);
  const f = compile((x: Tensor) => matmul(x, x), { threads: own });
  const x = wave([300, 300], 1);
  const before = f(x);
  own.close();
  expect(own.count).toBe(1);
  expect(same(f(x), before)).toBe(true);
});

test("a script that is not there is an error that says so", async () => {
  await expect(openThreads(2, { worker: "/no-such-script.js" })).rejects.toThrow(/did not start/);
});
