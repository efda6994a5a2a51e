import { f32x4, type Local, ModuleBuilder, v128 } from "../wasm/assembler/index.js";
import { hasFeature } from "../wasm/features.js";
import { forRange } from "../wasm/loops.js";

/** What one core of this machine does at most, as far as WebAssembly reaches it. */
export interface Limits {
  /** 10⁹ multiplications and additions of float32 a second, outside of memory. */
  readonly gigaflops: number;
  /** 10⁹ bytes a second that are read and written in copying what no cache holds. */
  readonly gigabytes: number;
}

/** Sums that do not wait for each other: enough for every multiplier, few enough for the registers. */
const chains = 8;
const rounds = 200_000;
const copied = 2 ** 24;
/** The best of so many: other programs disturb the rest. */
const attempts = 5;

let known: Limits | undefined;

/** Measured when first asked for, in some 50 ms, and remembered. */
export function machineLimits(): Limits {
  known ??= measure();
  return known;
}

function measure(): Limits {
  const fused = hasFeature("relaxedSimd");
  const module = new ModuleBuilder();
  module.memory({ initial: (2 * copied) / 65536 });
  module.function({ name: "multiply", parameters: [], results: [], exported: true }, (f): undefined => {
    const sums = f.locals("v128", chains);
    const factor = f.let(f32x4.const(0.999));
    forRange(f, 0, rounds, 1, () => {
      for (const sum of sums)
        f.set(sum, fused ? f32x4.relaxedMadd(sum, factor, factor) : f32x4.add(f32x4.mul(sum, factor), factor));
    });
    // Stored, so that no engine leaves the work out.
    const total = sums.reduce((x: Local, y) => f.let(f32x4.add(x, y)));
    f.do(v128.store(0, total, 0));
  });
  module.function({ name: "copy", parameters: [], results: [], exported: true }, (f): undefined => {
    forRange(f, 0, copied, 64, (at) => {
      for (let k = 0; k < 64; k += 16) f.do(v128.store(at, v128.load(at, k), copied + k));
    });
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  const { multiply, copy } = exports as unknown as Readonly<Record<"multiply" | "copy", () => void>>;
  return {
    gigaflops: (2 * 4 * chains * rounds) / fastest(multiply) / 1e6,
    gigabytes: (2 * copied) / fastest(copy) / 1e6,
  };
}

/** Milliseconds of the fastest call; the first ones are for the engine to compile. */
function fastest(f: () => void): number {
  f();
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k < attempts; k++) {
    const start = performance.now();
    f();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
