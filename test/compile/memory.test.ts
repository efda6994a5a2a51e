import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { add, mul, type Tensor, tensor, zeros } from "@kinship/tensor";
import { compile, scan } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

const deep = process.env.KINSHIP_DEEP !== undefined;
const calls = deep ? 1_000_000 : 20_000;

/** Bytes in use after collecting what nobody holds. */
async function used(): Promise<number> {
  for (let k = 0; k < 4; k++) {
    collect();
    await pause();
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

const step = (state: { w: Tensor; v: Tensor }, x: Tensor) => {
  const v = add(mul(state.v, 0.5), x);
  return { w: add(mul(state.w, 0.5), v), v };
};
const state = () => ({ w: zeros([100]), v: zeros([100]) });

describe(`${calls} calls leave memory as it was`, () => {
  const kinds: Record<string, (times: number) => void> = {
    plain: (times) => {
      const compiled = compile(step);
      let s = state();
      for (let k = 0; k < times; k++) s = compiled(s, tensor(1));
    },
    donated: (times) => {
      const compiled = compile(step, { donate: [0] });
      const x = tensor(1);
      let s = state();
      for (let k = 0; k < times; k++) s = compiled(s, x);
    },
    scanned: (times) => {
      const one = (s: { w: Tensor; v: Tensor }, x: Tensor) => ({ state: step(s, x), output: [] as Tensor[] });
      const x = zeros([1000]);
      let s = state();
      for (let k = 0; k < times / 1000; k++) ({ state: s } = scan(one, s, x));
    },
  };
  for (const [name, run] of Object.entries(kinds))
    test(name, { timeout: 300_000 }, async () => {
      run(2000);
      const before = await used();
      run(calls);
      // A single float32 that each call kept would be as much as this, with the object around it ten times.
      expect((await used()) - before).toBeLessThan(Math.max(4 * calls, 2 ** 19));
    });
});

describe("a program's memory goes with it", () => {
  /** How many of the WebAssembly memories made in `body` are collected after it. */
  async function collected(body: () => void): Promise<{ made: number; collected: number }> {
    const { Memory } = WebAssembly;
    let [made, gone] = [0, 0];
    const registry = new FinalizationRegistry(() => gone++);
    class Seen extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        made++;
        registry.register(this, undefined);
      }
    }
    WebAssembly.Memory = Seen;
    try {
      body();
    } finally {
      WebAssembly.Memory = Memory;
    }
    for (let k = 0; k < 50 && gone < made; k++) {
      collect();
      await pause();
    }
    return { made, collected: gone };
  }

  test("when the function does", async () => {
    const counts = await collected(() => {
      for (let k = 0; k < 10; k++) compile((x: Tensor) => add(x, k))(zeros([1000]));
    });
    expect(counts).toEqual({ made: 10, collected: 10 });
  });

  test("when it is the oldest of too many", async () => {
    const f = compile((x: Tensor) => add(x, 1), { programs: 2 });
    const counts = await collected(() => {
      for (let k = 1; k <= 10; k++) f(zeros([k]));
    });
    expect(counts).toEqual({ made: 10, collected: 8 });
    expect(f(zeros([10])).size).toBe(10);
  });

  test("when the step of a scan does", async () => {
    const counts = await collected(() => {
      for (let k = 0; k < 10; k++)
        scan((s: Tensor, x: Tensor) => ({ state: add(s, x), output: [] }), zeros([k]), zeros([2]));
    });
    expect(counts).toEqual({ made: 10, collected: 10 });
  });
});
