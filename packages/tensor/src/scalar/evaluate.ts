import { copyRun } from "../copy.js";
import { type DType, isFloating, type TypedArray } from "../dtype.js";
import { isContiguous, sameShape, sizeOf } from "../layout.js";
import { uninitialized } from "../memory.js";
import type { Tensor } from "../tensor.js";
import { type Lanes, lanesOf, runLanes } from "./lanes.js";
import { linearize, type Step } from "./linearize.js";
import { reader } from "./reader.js";
import type { Loop, Scalar, ScalarType } from "./scalar.js";

// Bodies are evaluated a block at a time: each instruction runs over a block that stays in the nearest cache, always
// in float64, so that every loop sees one kind of array and is compiled once. Results are rounded once, when stored.

/** Elements in a block: 4 kB, so that the handful of blocks of a body stay within 32 kB. */
export const blockSize = 512;

interface Code {
  readonly steps: readonly Step[];
  readonly loops: readonly (Loop | undefined)[];
  /** The block that holds each value; blocks are used again once their value is not needed. */
  readonly slots: readonly number[];
  readonly lanes: Lanes | undefined;
}

const empty = /* @__PURE__ */ new Float64Array(0);
/** Scratch blocks, made when first needed. Evaluation never nests within one body, so they can be shared. */
const blocks: Float64Array[] = [];

function block(slot: number): Float64Array {
  while (blocks.length <= slot) blocks.push(new Float64Array(blockSize));
  return blocks[slot];
}

function assignSlots(steps: readonly Step[]): number[] {
  const lastUse = steps.map((_, k) => k);
  steps.forEach((step, k) => {
    if (step.kind === "operation") for (const a of step.arguments) lastUse[a] = k;
  });
  const slots: number[] = [];
  const free: number[] = [];
  let count = 0;
  steps.forEach((step, k) => {
    // Constants and repeated inputs are filled once, so inputs and constants keep a block to themselves.
    slots[k] = (step.kind === "operation" ? free.pop() : undefined) ?? count++;
    if (step.kind === "operation")
      for (const a of new Set(step.arguments))
        if (lastUse[a] === k && steps[a].kind === "operation") free.push(slots[a]);
  });
  return slots;
}

/** A body made ready for inputs of these types. */
export function prepare(body: Scalar, types: readonly ScalarType[]): Code {
  const steps = linearize(body, types);
  const loops = steps.map((step) =>
    step.kind === "operation"
      ? ((step.integer ? step.instruction.integerLoop : undefined) ?? step.instruction.loop)
      : undefined,
  );
  return { steps, loops, slots: assignSlots(steps), lanes: lanesOf(steps) };
}

export const scalarType = (dtype: DType): ScalarType => (isFloating(dtype) ? "float" : "integer");

/** Fills a block with all elements, without the closure that many blocks need. */
function readWhole(target: Float64Array, x: Tensor, shape: readonly number[], size: number): void {
  if (x.shape.length === 0) target.fill(x.data[x.offset], 0, size);
  else if (sameShape(x.shape, shape) && isContiguous(x)) copyRun(target, 0, x.data, x.offset, size);
  else reader(x, shape)(target, 0, size);
}

/** Runs a prepared body over the broadcast inputs, into new memory. */
export function run(code: Code, inputs: readonly Tensor[], dtype: DType, shape: readonly number[]): TypedArray {
  const size = sizeOf(shape);
  const out = uninitialized(dtype, size);
  const { steps, slots, lanes } = code;
  if (lanes && runLanes(lanes, inputs, out, shape)) return out;
  const readers = size > blockSize ? inputs.map((x) => reader(x, shape)) : undefined;
  for (let start = 0; start < size; start += blockSize) {
    const count = Math.min(blockSize, size - start);
    for (let k = 0; k < steps.length; k++) {
      const step = steps[k];
      const target = block(slots[k]);
      if (step.kind === "operation") operate(code, k, step.arguments, target, count);
      else if (step.kind === "input")
        if (readers) readers[step.index](target, start, count);
        else readWhole(target, inputs[step.index], shape, size);
      else if (step.kind === "constant") {
        if (start === 0) target.fill(step.value, 0, count);
      } else for (let i = 0; i < count; i++) target[i] = start + i;
    }
    copyRun(out, start, blocks[slots[steps.length - 1]], 0, count);
  }
  return out;
}

function operate(
  { loops, slots }: Code,
  k: number,
  inputs: readonly number[],
  target: Float64Array,
  count: number,
): void {
  const second = inputs.length > 1 ? blocks[slots[inputs[1]]] : empty;
  const third = inputs.length > 2 ? blocks[slots[inputs[2]]] : empty;
  loops[k]!(target, count, blocks[slots[inputs[0]]], second, third);
}
