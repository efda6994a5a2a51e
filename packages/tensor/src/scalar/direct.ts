import { broadcastLayout, type Layout, positionsOf } from "../layout.js";
import type { Tensor } from "../tensor.js";
import type { Step } from "./linearize.js";
import type { Float32Loop } from "./scalar.js";

// Bodies of one instruction on float32, run from and to the tensors' own memory: for cheap instructions the conversions
// of block after block would cost more than the arithmetic.

/** The loop of such a body, and which inputs it takes. */
export interface Direct {
  readonly loop: Float32Loop;
  readonly inputs: readonly number[];
}

export function directOf(steps: readonly Step[]): Direct | undefined {
  const last = steps[steps.length - 1];
  if (last.kind !== "operation" || !last.instruction.float32Loop) return undefined;
  const inputs = last.arguments.map((k) => steps[k]).map((step) => (step.kind === "input" ? step.index : -1));
  return inputs.includes(-1) ? undefined : { loop: last.instruction.float32Loop, inputs };
}

/** Below this size making views of the arrays costs more than converting their elements. */
const smallestRun = 64;
const smallestResult = 256;

/** Elements of an operand that is one number, repeated: longer runs are taken in parts. */
const repeated = 512;

interface Operand {
  readonly data: Float32Array;
  readonly layout: Layout;
}

/** Writes the results. Returns false, with nothing written, where types, sizes or strides want another way. */
export function runDirect(
  { loop, inputs }: Direct,
  tensors: readonly Tensor[],
  out: { readonly length: number },
  shape: readonly number[],
): boolean {
  if (!(out instanceof Float32Array) || out.length < smallestResult) return false;
  const operands: Operand[] = [];
  for (const k of inputs) {
    const { data } = tensors[k];
    if (!(data instanceof Float32Array)) return false;
    operands.push({ data, layout: broadcastLayout(tensors[k], shape) });
  }
  const common = commonRun(operands, shape);
  if (common.run < smallestRun) return false;
  runRows(loop, operands, out, common);
  return true;
}

/** The trailing axes that each operand steps through evenly. */
interface Run {
  /** The first of them. */
  readonly axis: number;
  /** How many elements they have. */
  readonly run: number;
  /** The step of each operand: 1, or 0 where it is one number, repeated. */
  readonly steps: readonly number[];
}

function commonRun(operands: readonly Operand[], shape: readonly number[]): Run {
  let run = 1;
  let axis = shape.length;
  let steps: readonly number[] = operands.map(() => 0);
  for (; axis > 0; axis--) {
    const size = shape[axis - 1];
    if (size === 1) continue;
    const strides = operands.map(({ layout }) => layout.stride[axis - 1]);
    if (run === 1) {
      if (!strides.every((stride) => stride === 0 || stride === 1)) break;
      steps = strides;
    } else if (!strides.every((stride, k) => stride === steps[k] * run)) break;
    run *= size;
  }
  return { axis, run, steps };
}

function runRows(loop: Float32Loop, operands: readonly Operand[], out: Float32Array, { axis, run, steps }: Run): void {
  const rows = operands.map(({ data, layout: { shape, stride, offset } }, k) => ({
    data,
    starts: positionsOf({ shape: shape.slice(0, axis), stride: stride.slice(0, axis), offset }),
    same: steps[k] === 0 ? new Float32Array(Math.min(run, repeated)) : undefined,
  }));
  const most = steps.includes(0) ? Math.min(run, repeated) : run;
  for (let row = 0, first = 0; first < out.length; row++, first += run) {
    for (const { data, starts, same } of rows) same?.fill(data[starts[row]]);
    for (let done = 0; done < run; done += most) {
      const count = Math.min(most, run - done);
      const [a, b = a] = rows.map(({ data, starts, same }) => {
        const start = starts[row] + done;
        return same ?? data.subarray(start, start + count);
      });
      loop(out.subarray(first + done, first + done + count), count, a, b);
    }
  }
}
