/** Sums of float32 that lie outside WebAssembly: copied in by blocks that stay in the nearest cache. */

import { type Expression, f64x2, i32, type Local, shuffle64, v128 } from "./assembler/index.js";
import { lazily } from "./eagerKernel.js";
import { blockImports, eagerBlocks } from "./eagerLanes.js";
import { forRange } from "./loops.js";

/** Elements that one round of the loop takes; what is missing to a whole round is filled with zeros. */
const round = 16;

interface Kernel {
  readonly sum: (count: number) => number;
}

const kernelOf = /* @__PURE__ */ lazily<Kernel>((module) => {
  module.importMemory("e", "m", { initial: 3 });
  module.function({ name: "sum", parameters: ["i32"], results: ["f64"], exported: true }, (f, count) => {
    // Eight pairs of running totals in float64: one would wait for each addition before the next.
    const totals = Array.from({ length: 8 }, () => f.let(f64x2.const(0, 0)));
    const add = (k: number, value: Expression) => f.set(totals[k]!, f64x2.add(totals[k]!, value));
    forRange(f, 0, i32.shl(count, 2), 4 * round, (address) => {
      for (let k = 0; k < 8; k++) add(k, f64x2.promoteLowF32x4(v128.load64Zero(address, 8 * k)));
    });
    for (let width = 1; width < 8; width *= 2) for (let k = 0; k < 8; k += 2 * width) add(k, totals[k + width]!);
    const [total] = totals as [Local];
    return f64x2.extractLane(f64x2.add(total, shuffle64(total, total, [1, 1])), 0);
  });
}, blockImports);

/** The sum of `count` elements from `start` on, in float64; undefined where WebAssembly cannot be had. */
export function sumFloat32(data: Float32Array, start: number, count: number): number | undefined {
  const kernel = kernelOf();
  if (kernel === null) return undefined;
  const [block] = eagerBlocks().float32;
  let total = 0;
  for (let done = 0; done < count; done += block.length) {
    const size = Math.min(block.length, count - done);
    const whole = Math.ceil(size / round) * round;
    block.set(data.subarray(start + done, start + done + size));
    if (whole > size) block.fill(0, size, whole);
    total += kernel.sum(whole);
  }
  return total;
}
