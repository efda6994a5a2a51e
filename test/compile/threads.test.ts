import { spawnSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { grad } from "@kinship/autodiff";
import {
  add,
  conv2d,
  leaves,
  logSumExp,
  matmul,
  mul,
  softmax,
  solve,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
} from "@kinship/tensor";
import { compile, scan, type Threads, verifier } from "@kinship/tensor/compile";
import { openThreads } from "@kinship/tensor/threads";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { KernelProgram } from "../../packages/tensor/src/compile/kernel.js";
import { plan } from "../../packages/tensor/src/compile/plan.js";
import { webAssemblyExecutable } from "../../packages/tensor/src/compile/webassembly.js";
import { threadBytes, threadWord, word } from "../../packages/tensor/src/threads/words.js";
import { interpret, randomProgram } from "./programs.js";
import { cnnStep, kinshipStep, mlpStep, type TrainingStep } from "./steps.js";

/** Nanoseconds that a share has at least, where a test wants others than usual. */
let shortest: number | undefined;
vi.mock(import("../../packages/tensor/src/threads/split.js"), async (original) => {
  const { splitOf } = await original();
  return { splitOf: (kernel, buffers, threads) => splitOf(kernel, buffers, threads, shortest) };
});

let threads: Threads;
beforeAll(async () => {
  threads = await openThreads(3);
});
afterAll(() => threads.close());

const wave = (shape: readonly number[], shift: number, dtype: "float32" | "float64" = "float32"): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Array.from({ length: size }, (_, k) => Math.sin(1.7 * k + shift)),
    { shape, dtype },
  );
};

/** The bits of all tensors of a result, as text. */
const bits = (value: unknown): string =>
  leaves("bits", value)
    .map((x) => `${x.dtype} [${x.shape}] ${Buffer.from(x.toTypedArray().buffer).toString("base64")}`)
    .join(" ");

type Any = (...args: never[]) => unknown;

/** Compiles for one thread and for several, calls both a few times and compares the bits. Returns the shares. */
function compare(f: Any, args: readonly unknown[]): readonly number[] {
  const one = compile(f as (...x: unknown[]) => unknown, { verify: verifier });
  const several = compile(f as (...x: unknown[]) => unknown, { verify: verifier, threads });
  const expected = bits(one(...args));
  for (let call = 0; call < 3; call++) expect(bits(several(...args)) === expected).toBe(true);
  return several.explain(...args).kernels.map(({ shares }) => shares);
}

describe("the same bits as one thread", () => {
  for (const dtype of ["float32", "float64"] as const)
    for (const [m, k, n] of [
      [200, 300, 250],
      [257, 129, 255],
      [1000, 64, 40],
      [40, 64, 1000],
      [49, 2000, 51],
    ])
      for (const turned of [false, true])
        test(`product ${m}×${k}×${n}, ${dtype}${turned ? ", transposed" : ""}`, () => {
          const args = turned
            ? [wave([k, m], 1, dtype), wave([n, k], 2, dtype)]
            : [wave([m, k], 1, dtype), wave([k, n], 2, dtype)];
          const product = (a: Tensor, b: Tensor) => (turned ? matmul(transpose(a), transpose(b)) : matmul(a, b));
          expect(Math.max(...compare(product, args))).toBeGreaterThan(1);
        });

  const loops: Record<string, [Any, Tensor[]]> = {
    elementwise: [(a: Tensor, b: Tensor) => tanh(add(mul(a, b), 1)), [wave([99_999], 1), wave([99_999], 2)]],
    "elementwise float64": [(a: Tensor) => tanh(a), [wave([70_001], 1, "float64")]],
    "rows that broadcast": [(a: Tensor, b: Tensor) => tanh(add(a, b)), [wave([301, 307], 1), wave([307], 2)]],
    softmax: [(a: Tensor) => softmax(a), [wave([333, 301], 1)]],
    "sums of rows": [(a: Tensor) => sum(tanh(a), { axis: 1 }), [wave([303, 500], 1)]],
    "sums of columns": [(a: Tensor) => sum(tanh(a), { axis: 0 }), [wave([500, 303], 1)]],
    "a sum of all, and what it came from": [
      (a: Tensor) => [sum(tanh(a)), logSumExp(a, { axis: 0 })],
      [wave([400, 400], 1)],
    ],
    convolution: [(x: Tensor, w: Tensor) => conv2d(x, w), [wave([9, 8, 30, 30], 1), wave([12, 8, 3, 3], 2)]],
    "gradients of a convolution": [
      (x: Tensor, w: Tensor) => grad((both: Tensor[]) => sum(tanh(conv2d(both[0], both[1]))))([x, w]),
      [wave([5, 7, 22, 21], 1), wave([40, 7, 3, 3], 2)],
    ],
    "one image": [(x: Tensor, w: Tensor) => conv2d(x, w), [wave([1, 16, 40, 40], 1), wave([48, 16, 3, 3], 2)]],
  };
  for (const [name, [f, args]] of Object.entries(loops))
    test(name, () => {
      expect(Math.max(...compare(f, args))).toBeGreaterThan(1);
    });

  const steps: Record<string, () => TrainingStep> = { mlpStep, cnnStep, kinshipStep };
  for (const [name, make] of Object.entries(steps))
    test(name, () => {
      const { step, args } = make();
      compare(step, args);
    });

  test("random programs, every kernel shared out that can be", () => {
    shortest = 1e-9;
    try {
      let shared = 0;
      fc.assert(
        fc.property(randomProgram, (program) => {
          const { inputs, f } = interpret(program);
          if (compare(f, inputs).some((shares) => shares > 1)) shared++;
        }),
      );
      expect(shared).toBeGreaterThan(10);
    } finally {
      shortest = undefined;
    }
  });

  test("each thread has as many shares, and so the same part of every loop over the same rows", () => {
    const found = [700, 900, 1100, 1500, 4000].map(
      (length) => compare((a: Tensor) => sum(tanh(a), { axis: 1 }), [wave([33, length], 1)])[0],
    );
    expect(found.every((shares) => shares % threads.count === 0)).toBe(true);
    expect(new Set(found).size).toBeGreaterThan(2);
  });

  test("scans", () => {
    const step = (s: Tensor, x: Tensor) => ({ state: tanh(add(matmul(s, s), x)), output: sum(s) });
    const args = [wave([150, 150], 1), wave([7], 2)] as const;
    expect(bits(scan(step, ...args, { threads }))).toBe(bits(scan(step, ...args)));
  });

  test("with profile, which times what the threads do together", () => {
    const f = (a: Tensor) => matmul(a, a);
    const a = wave([300, 300], 1);
    const several = compile(f, { threads, profile: true });
    expect(bits(several(a))).toBe(bits(compile(f)(a)));
    expect(several.explain(a).kernels[0].measured?.milliseconds).toBeGreaterThan(0);
  });
});

test("workers come to help", () => {
  const { crew } = threads;
  const inside = (word.threads + threadBytes + threadWord.isInside) / 4;
  let helpers = 0;
  const watched: Threads = {
    ...threads,
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
  expect(helpers).toBeGreaterThan(0);
});

test("large values have places of their own, where none of their threads waits for what another one wrote before", () => {
  const a = wave([200, 200], 1);
  const f = (x: Tensor) => matmul(matmul(matmul(matmul(x, x), x), x), x);
  const [one, several] = [compile(f), compile(f, { threads })];
  expect(bits(several(a))).toBe(bits(one(a)));
  // The argument and four products, two of which are needed at a time.
  expect(one.explain(a).arenaBytes).toBeLessThan(4 * 4 * a.size);
  expect(several.explain(a).arenaBytes).toBeGreaterThanOrEqual(5 * 4 * a.size);
  const tooLarge: KernelProgram = { buffers: [{ dtype: "float64", size: 2 ** 24 }], kernels: [], outputs: [] };
  expect(threads.crew.mostShared(tooLarge)).toBe(Number.POSITIVE_INFINITY);
});

test("small programs are left alone: no shared memory, no shares", () => {
  expect(compare((a: Tensor) => tanh(matmul(a, a)), [wave([20, 20], 1)])).toEqual([1, 1]);
});

test("explain says how many shares", () => {
  const text = compile((a: Tensor) => matmul(a, a), { threads })
    .explain(wave([400, 400], 1))
    .toString();
  expect(text).toMatch(/, \d+ shares/);
});

describe("errors", () => {
  const dyingWorker = (settings: object): URL => {
    const script = new URL("./dyingWorker.js", import.meta.url);
    const text = `globalThis.settings = ${JSON.stringify(settings)}; await import("${script}");`;
    return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
  };

  test("one of a host kernel leaves the threads as they were", () => {
    const f = compile((a: Tensor, b: Tensor) => matmul(solve(a, b), b), { threads });
    const b = wave([200, 200], 2);
    expect(() => f(tensor(new Float32Array(40_000), { shape: [200, 200] }), b)).toThrow(/singular/);
    const a = wave([200, 200], 1);
    expect(bits(f(a, b))).toBe(bits(compile((x: Tensor, y: Tensor) => matmul(solve(x, y), y))(a, b)));
  });

  test("one in a worker is one of the call, and the next call is as good as ever", () => {
    // Rows of which the last is beyond the memory, so that whoever comes to it fails.
    const rows = 64;
    const size = 4096;
    const access = (buffer: number, stride: readonly number[]) => ({
      buffer,
      layout: { shape: [rows, size], stride, offset: 0 },
    });
    const broken: KernelProgram = {
      buffers: [
        { dtype: "float32", size: rows * size, initial: { kind: "argument", index: 0 } },
        { dtype: "float32", size: rows * size },
      ],
      kernels: [
        {
          kind: "loops",
          shape: [rows, size],
          folded: [],
          sources: [{ kind: "load", access: access(0, [16 * size, 1]), dtype: "float32" }],
          phases: [
            [
              {
                kind: "store",
                at: "full",
                value: { kind: "input", index: 0 },
                access: access(1, [size, 1]),
                dtype: "float32",
              },
            ],
          ],
          label: "broken",
        },
      ],
      outputs: [{ access: access(1, [size, 1]), shape: [rows, size], dtype: "float32" }],
    };
    const executable = webAssemblyExecutable(broken, plan(broken), {
      routines: {},
      fused: false,
      crew: threads.crew,
    });
    expect(executable.shares?.[0]).toBeGreaterThan(1);
    for (let call = 0; call < 20; call++)
      expect(() => executable.call([wave([rows, size], 1)])).toThrow(/out of bounds/);
    expect(Math.max(...compare((a: Tensor) => matmul(a, a), [wave([300, 300], 1)]))).toBeGreaterThan(1);
  });

  test("a worker that ends at a share is one of the call, and its function goes on with one thread", async () => {
    const own = await openThreads(3, { worker: dyingWorker({ word, threadWord, threadBytes }) });
    const f = (w: Tensor, x: Tensor) => add(matmul(w, x), 1);
    const several = compile(f, { threads: own, donate: [0] });
    const [w, x] = [wave([400, 400], 1), wave([400, 400], 2)];
    const expected = bits(compile(f)(w, x));
    let given = w;
    // Workers that wake late find no share, and the result is right.
    const call = () => {
      for (let k = 0; k < 1000; k++) {
        given = wave([400, 400], 1);
        expect(bits(several(given, x))).toBe(expected);
      }
    };
    expect(call).toThrow(/a thread has ended: in the middle of this call; the others are closed.* open new threads/);
    expect(own.count).toBe(1);
    // It took nothing.
    expect(bits(several(given, x))).toBe(expected);
    const again = compile(f, { threads: own });
    expect(bits(again(wave([400, 400], 1), x))).toBe(expected);
  });

  test("a worker that ended between calls is one of the next call alone", async () => {
    const own = await openThreads(2, { worker: dyingWorker({ ends: "between calls" }) });
    const f = compile((x: Tensor) => matmul(x, x), { threads: own });
    const x = wave([300, 300], 1);
    const call = async () => {
      for (let k = 0; k < 1000; k++) {
        f(x);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await expect(call()).rejects.toThrow(/a thread has ended: it ended with code 7; the others are closed/);
    expect(own.count).toBe(1);
    expect(bits(f(x))).toBe(bits(compile((y: Tensor) => matmul(y, y))(x)));
  });

  test("of opening say what is wrong", async () => {
    await expect(openThreads(0)).rejects.toThrow(/whole number from 1 on, found 0/);
    await expect(openThreads(1.5)).rejects.toThrow(/found 1.5/);
    await expect(openThreads(2, { worker: new URL("./no-such-script.js", import.meta.url) })).rejects.toThrow(
      /a worker did not start: .*no-such-script/,
    );
  });

  test("a page that is not isolated is told which headers it needs", async () => {
    vi.stubGlobal("crossOriginIsolated", false);
    vi.stubGlobal("SharedArrayBuffer", undefined);
    try {
      await expect(openThreads(2)).rejects.toThrow(
        /not cross-origin isolated.*Cross-Origin-Opener-Policy: same-origin/,
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("ends", () => {
  test("closed threads leave their functions to one", async () => {
    const own = await openThreads(2);
    expect(own.count).toBe(2);
    const f = compile((a: Tensor) => matmul(a, a), { threads: own });
    const a = wave([300, 300], 1);
    const expected = bits(f(a));
    own.close();
    own.close();
    expect(own.count).toBe(1);
    expect(bits(f(a))).toBe(expected);
    expect(bits(f(wave([300, 300], 1)))).toBe(expected);
    expect(compile((x: Tensor) => matmul(x, x), { threads: own }).explain(a).kernels[0].shares).toBe(1);
  });

  test("a worker that is closed takes no share with it", async () => {
    // It may be on its way to the call that has just ended when the next one hands out its shares.
    for (let round = 0; round < 40; round++) {
      const own = await openThreads(3);
      const f = compile((a: Tensor) => matmul(a, a), { threads: own });
      const a = wave([200, 200], round);
      const expected = bits(f(a));
      own.close();
      for (let call = 0; call < 5; call++) expect(bits(f(a))).toBe(expected);
    }
  });

  test("a process does not wait for threads that were left open, asleep or at work", () => {
    const code = `
      import { matmul, ones } from "@kinship/tensor";
      import { compile } from "@kinship/tensor/compile";
      import { openThreads } from "@kinship/tensor/threads";
      const threads = await openThreads(3);
      const f = compile((a) => matmul(a, a), { threads });
      console.log(f(ones([300, 300])).get(0, 0));`;
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: new URL("../..", import.meta.url).pathname,
      encoding: "utf8",
      timeout: 50_000,
    });
    expect(stdout).toBe("300\n");
    expect(status).toBe(0);
  });

  test("programs that nobody holds give their memory back, in workers too", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const a = wave([600, 600], 1);
    const settled = async (): Promise<number> => {
      for (let k = 0; k < 5; k++) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return process.memoryUsage().rss;
    };
    const round = async (): Promise<number> => {
      for (let k = 0; k < 5; k++) compile((x: Tensor) => matmul(x, add(x, k)), { threads })(a);
      return settled();
    };
    const before = await round();
    let after = before;
    for (let k = 0; k < 8; k++) after = await round();
    // Forty programs of more than 8 MiB each. Workers let go of theirs when their turn comes: on a busy machine later.
    const most = 160 * 2 ** 20;
    for (let k = 0; k < 100 && after - before >= most; k++) after = await settled();
    expect(after - before).toBeLessThan(most);
  });
});
