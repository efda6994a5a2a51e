import { callFamily, Lacking } from "../harness/family.js";
import { uniform } from "../harness/values.js";
import type { Kernel } from "../limits/assembler.js";
import { CHAINS } from "../limits/kernels.js";

const ROUNDS = 100_000;

function present(kernel: Kernel | undefined): Kernel {
  if (kernel === undefined) throw new Lacking("the engine lacks these instructions");
  return kernel;
}

/** The machine's own arithmetic: what a product can reach at best. */
export const arithmetic = callFamily<{ dtype: "float32" | "float64"; fused: boolean }>({
  name: "arithmetic",
  about: "multiplications and additions that one core does in 128-bit vectors inside WebAssembly",
  cases: [
    { name: "multiply, add float32", parameters: { dtype: "float32", fused: false }, quick: true },
    { name: "fused multiply-add float32", parameters: { dtype: "float32", fused: true }, quick: true },
    { name: "multiply, add float64", parameters: { dtype: "float64", fused: false }, quick: true },
    { name: "fused multiply-add float64", parameters: { dtype: "float64", fused: true }, quick: true },
  ],
  tolerance: () => 0,
  // x·½ + ½ leaves 1 as it is: no round can overflow or become subnormal.
  inputs: () => ({}),
  reference: (_inputs, { dtype }) => [new Float64Array((CHAINS * 16) / (dtype === "float32" ? 4 : 8)).fill(1)],
  work: ({ dtype }) => ({ flops: (ROUNDS * CHAINS * 2 * 16) / (dtype === "float32" ? 4 : 8), dtype }),
  implementations: {
    machine: ({ multiplyAdd }, _inputs, { dtype, fused }) => {
      const { memory, run } = present(multiplyAdd(dtype, fused));
      const values = dtype === "float32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
      const lanes = dtype === "float32" ? 4 : 2;
      values.fill(0.5, 0, 2 * lanes).fill(1, 2 * lanes, (2 + CHAINS) * lanes);
      return { run: () => run(ROUNDS), read: () => [values.slice(2 * lanes, (2 + CHAINS) * lanes)] };
    },
  },
});

const KIBI = 1024;
const MEBI = KIBI * KIBI;

/** The machine's memory: what a pass over arrays can reach at best. `bytes` is all that is touched. */
export const memory = callFamily<{ kernel: "copy" | "triad"; bytes: number }>({
  name: "memory",
  about: "bytes that one core reads and writes from WebAssembly, by the size of all that is touched",
  cases: (["copy", "triad"] as const).flatMap((kernel) =>
    [24 * KIBI, 768 * KIBI, 12 * MEBI, 192 * MEBI].map((bytes) => ({
      name: `${kernel} ${bytes < MEBI ? `${bytes / KIBI} KiB` : `${bytes / MEBI} MiB`}`,
      parameters: { kernel, bytes },
      quick: true,
    })),
  ),
  tolerance: () => 1e-6,
  inputs: ({ kernel, bytes }): Record<string, ReturnType<typeof uniform>> => {
    const length = bytes / 4 / (kernel === "copy" ? 2 : 3);
    return { b: uniform([length], 1), ...(kernel === "triad" ? { c: uniform([length], 2) } : {}) };
  },
  reference: ({ b, c }) => [
    c === undefined ? b!.data : Float64Array.from(b!.data, (value, i) => value + 0.5 * c.data[i]!),
  ],
  work: ({ bytes }) => ({ bytes }),
  implementations: {
    machine: ({ copy, triad }, { b, c }, { kernel, bytes }) => {
      const part = b!.data.byteLength;
      const { memory, run } = present(kernel === "copy" ? copy(bytes) : triad(bytes));
      const view = (offset: number) => new Float32Array(memory.buffer, offset, part / 4);
      view(part).set(b!.data);
      if (c !== undefined) view(2 * part).set(c.data);
      const once =
        c === undefined
          ? () => run(part, 0, 2 * part)
          : () => {
              view(0).fill(0.5, 0, 4);
              run(0, part, 2 * part, 2 * part);
            };
      return { run: once, read: () => [view(0)] };
    },
  },
});
