import type { Buffer, LoopKernel } from "../compile/kernel.js";
import { isFloating } from "../dtype.js";
import { sizeOf } from "../layout.js";
import { scalarType } from "../scalar/evaluate.js";
import { linearize, type Step } from "../scalar/linearize.js";
import { foldOf, storeOf } from "./lower/cells.js";
import { largestWhole, UnsupportedOnGpu } from "./unsupported.js";

/** The lowest and highest number that a value can be. */
type Range = readonly [number, number];

const anything: Range = [-Infinity, Infinity];
const largestBits = 2 ** 31;

const corners = ([a, b]: Range, [c, d]: Range, f: (x: number, y: number) => number): Range => {
  const all = [f(a, c), f(a, d), f(b, c), f(b, d)].map((x) => (Number.isNaN(x) ? 0 : x));
  return [Math.min(...all), Math.max(...all)];
};

/** Ranges by instruction; what is not here can be anything. */
const rules: Readonly<Record<string, (...operands: readonly Range[]) => Range>> = {
  add: ([a, b], [c, d]) => [a + c, b + d],
  sub: ([a, b], [c, d]) => [a - d, b - c],
  mul: (a, b) => corners(a, b, (x, y) => x * y),
  neg: ([a, b]) => [-b, -a],
  abs: ([a, b]) => [a > 0 ? a : b < 0 ? -b : 0, Math.max(Math.abs(a), Math.abs(b))],
  sign: () => [-1, 1],
  maximum: ([a, b], [c, d]) => [Math.max(a, c), Math.max(b, d)],
  minimum: ([a, b], [c, d]) => [Math.min(a, c), Math.min(b, d)],
  floor: ([a, b]) => [Math.floor(a), Math.floor(b)],
  ceil: ([a, b]) => [Math.ceil(a), Math.ceil(b)],
  truncate: ([a, b]) => [Math.trunc(a), Math.trunc(b)],
  round: ([a, b]) => [Math.floor(a), Math.ceil(b)],
  select: (_, [a, b], [c, d]) => [Math.min(a, c), Math.max(b, d)],
  toFloat: (a) => a,
  toFloat32: (a) => a,
  toInteger: ([a, b]) => [Math.trunc(a), Math.trunc(b)],
};

/** What each buffer can hold before the program runs: whole numbers that are passed in are checked then. */
export function initialRanges(buffers: readonly Buffer[]): (Range | undefined)[] {
  return buffers.map(({ dtype, initial }) => {
    if (isFloating(dtype)) return anything;
    if (!initial) return undefined;
    if (initial.kind === "constant") {
      const numbers = Array.from(initial.data);
      return numbers.reduce<Range>(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [0, 0]);
    }
    return dtype === "uint8" ? [0, 255] : [-largestWhole, largestWhole];
  });
}

/**
 * Notes the range of what the kernel stores. Whole numbers are float32 on the device, which has them up to 2²⁴.
 * @throws UnsupportedOnGpu where one may be larger, or where its bits are taken apart.
 */
export function checkWhole(kernel: LoopKernel, ranges: (Range | undefined)[]): void {
  const fold = foldOf(kernel);
  const store = storeOf(kernel);
  const { buffer } = store.access;
  const of = (body: Parameters<typeof linearize>[0]) => rangeOf(body, kernel, ranges);
  let range = of(fold ? fold.value : store.value);
  if (fold) {
    const rounds = kernel.folded.reduce((total, axis) => total * kernel.shape[axis], 1);
    range = foldedRange(range, fold.combine.name, rounds);
    if (!isFloating(fold.dtype)) requireExact(range, fold.combine.name, kernel);
  }
  if (isFloating(store.dtype)) return;
  // Several kernels may write parts of one buffer.
  const [low, high] = ranges[buffer] ?? range;
  ranges[buffer] = [Math.min(range[0], low), Math.max(range[1], high)];
}

function foldedRange([a, b]: Range, combine: string, rounds: number): Range {
  if (combine === "add") return [Math.min(0, a * rounds), Math.max(0, b * rounds)];
  if (combine === "mul") {
    const largest = Math.max(Math.abs(a), Math.abs(b), 1) ** rounds;
    return [-largest, largest];
  }
  if (combine.startsWith("logical")) return [0, 1];
  return rounds === 0 ? [-largestBits, largestBits] : [a, b];
}

function rangeOf(
  body: Parameters<typeof linearize>[0],
  kernel: LoopKernel,
  ranges: readonly (Range | undefined)[],
): Range {
  const steps = linearize(
    body,
    kernel.sources.map(({ dtype }) => scalarType(dtype)),
  );
  const found: Range[] = [];
  for (const step of steps) found.push(rangeOfStep(step, steps, found, kernel, ranges));
  return found[found.length - 1];
}

function rangeOfStep(
  step: Step,
  steps: readonly Step[],
  found: readonly Range[],
  kernel: LoopKernel,
  ranges: readonly (Range | undefined)[],
): Range {
  if (step.kind === "constant") return [step.value, step.value];
  if (step.kind === "position") return [0, sizeOf(kernel.shape)];
  if (step.kind === "input") {
    const source = kernel.sources[step.index];
    return (source.kind === "load" ? ranges[source.access.buffer] : undefined) ?? anything;
  }
  const { instruction } = step;
  if (instruction.truth) return [0, 1];
  if (instruction.name === "bitAnd") return maskRange(steps[step.arguments[1]], kernel);
  const range = rules[instruction.name]?.(...step.arguments.map((k) => found[k])) ?? anything;
  if (step.type === "integer") requireExact(range, instruction.name, kernel);
  return range;
}

function maskRange(mask: Step, kernel: LoopKernel): Range {
  if (mask.kind !== "constant" || mask.value < 0 || !Number.isInteger(Math.log2(mask.value + 1)))
    return refuse("takes the bits of whole numbers (bitAnd)", kernel);
  return [0, mask.value];
}

function requireExact([a, b]: Range, name: string, kernel: LoopKernel): void {
  if (a >= -largestWhole && b <= largestWhole) return;
  const size = (x: number) => (Number.isFinite(x) ? `${x}` : "anything");
  refuse(
    `may make whole numbers from ${size(a)} to ${size(b)} (${name}), and a GPU's float32 has them exactly up to 2^24; compute with float32, or bound them with clip`,
    kernel,
  );
}

function refuse(why: string, { label }: LoopKernel): never {
  throw new UnsupportedOnGpu(`openGpu: ${label} ${why}; with fallback: "cpu" the program runs on the CPU`);
}
