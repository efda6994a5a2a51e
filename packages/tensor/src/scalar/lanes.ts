import { copyRun } from "../copy.js";
import { fromData, type Tensor } from "../tensor.js";
import { eagerBlocks, kernelOf } from "../wasm/eagerLanes.js";
import type { Step } from "./linearize.js";
import { reader } from "./reader.js";
import type { Instruction } from "./scalar.js";

// Bodies of one instruction on many real numbers run in WebAssembly, without conversion: for cheap instructions that
// would cost more than the arithmetic. Results are those of the loops: of numbers of float32 the sum, difference,
// product, quotient and square root in float64, rounded, is the one in float32 (Figueroa, "When is double rounding
// innocuous?", 1995).

/** Such a body: where its operands come from, the number of an input or a number. */
export interface Lanes {
  readonly lanes: NonNullable<Instruction["lanes"]>;
  readonly operands: readonly (number | Tensor)[];
}

export function lanesOf(steps: readonly Step[]): Lanes | undefined {
  const last = steps[steps.length - 1];
  if (last.kind !== "operation" || last.instruction.lanes === undefined) return undefined;
  const operands: (number | Tensor)[] = [];
  for (const k of last.arguments) {
    const step = steps[k];
    if (step.kind === "input") operands.push(step.index);
    else if (step.kind === "constant") operands.push(constantOf(step.value));
    else return undefined;
  }
  return { lanes: last.instruction.lanes, operands };
}

/** As float32 where that is exact. */
const constantOf = (value: number): Tensor =>
  Object.is(Math.fround(value), value)
    ? fromData(Float32Array.of(value), "float32", [])
    : fromData(Float64Array.of(value), "float64", []);

/** Below this size it pays less than the calls cost. */
const fewest = 256;

/** Writes the results. Returns false, with nothing written, where types, sizes or the engine want another way. */
export function runLanes(
  { lanes, operands }: Lanes,
  inputs: readonly Tensor[],
  out: { readonly length: number },
  shape: readonly number[],
): boolean {
  if (out.length < fewest) return false;
  const narrow = out instanceof Float32Array;
  if (!narrow && !(out instanceof Float64Array)) return false;
  const tensors = operands.map((operand) => (typeof operand === "number" ? inputs[operand] : operand));
  // float32 holds what uint8 and itself hold.
  if (narrow && tensors.some(({ dtype }) => dtype === "int32" || dtype === "float64")) return false;
  const kernel = typeof lanes === "number" ? kernelOf(narrow ? lanes : lanes + 12, operands.length) : narrow && lanes();
  if (!kernel) return false;
  const blocks = eagerBlocks()[narrow ? "float32" : "float64"];
  const { length } = blocks[2];
  const readers = tensors.map((x) => reader(x, shape));
  for (let start = 0; start < out.length; start += length) {
    const count = Math.min(length, out.length - start);
    for (let k = 0; k < readers.length; k++) readers[k](blocks[k], start, count);
    kernel(count * out.BYTES_PER_ELEMENT);
    copyRun(out, start, blocks[2], 0, count);
  }
  return true;
}
