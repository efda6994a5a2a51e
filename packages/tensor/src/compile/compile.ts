import { describe } from "../create.js";
import { currentInterpreter, evaluate } from "../interpreter.js";
import { sameShape } from "../layout.js";
import { Tensor } from "../tensor.js";
import { hasFeature } from "../wasm/features.js";
import { isEmittable } from "./emit/instructions.js";
import { type Executable, evaluatorExecutable, webAssemblyExecutable } from "./executable.js";
import { type Explanation, explain } from "./explain.js";
import { fuse } from "./fuse.js";
import type { KernelProgram } from "./kernel.js";
import { dropStores, type Plan, plan } from "./plan.js";
import { type Program, verifyProgram } from "./program.js";
import { record } from "./record.js";
import { simplify } from "./simplify.js";

export interface CompileOptions {
  /** The same bits on every engine: no fused multiply-add, whose rounding engines differ in. Default: false. */
  readonly deterministic?: boolean;
  /** Check the program's form between the passes. Default: false. */
  readonly verify?: boolean;
  /** How many programs, one for each signature of the arguments, are kept. Default: 16; the oldest goes. */
  readonly programs?: number;
}

/** A compiled function: called like the function itself. */
export interface Compiled<Arguments extends readonly unknown[], Output> {
  (...args: Arguments): Output;
  /** What became of the function for arguments like these: loops, bytes, operations. Compiles if need be. */
  explain(...args: Arguments): Explanation;
}

interface Entry {
  readonly skeleton: unknown;
  readonly leaves: readonly Tensor[];
  readonly executable: Executable;
  readonly output: unknown;
  readonly stages: {
    readonly recorded: Program;
    readonly kernels: KernelProgram | undefined;
    readonly plan: Plan | undefined;
  };
}

/** Stands for the tensor of this number in a structure. */
class Slot {
  constructor(readonly index: number) {}
}

/** The structure with slots for its tensors, which go to `found`. What is not a tensor is part of the program. */
function dissect(value: unknown, found: Tensor[], path: string): unknown {
  if (value instanceof Tensor) return new Slot(found.push(value) - 1);
  if (Array.isArray(value)) return value.map((entry, k) => dissect(entry, found, `${path}[${k}]`));
  if (typeof value === "object" && value !== null) {
    if (typeof (value as { then?: unknown }).then === "function")
      throw new TypeError(`compile: found a promise at ${path}; await it first`);
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      throw new TypeError(
        `compile: expected tensors, numbers, strings and nested objects and arrays of them, found ${describe(value)} of another kind at ${path}; turn it into a tensor`,
      );
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, dissect(entry, found, `${path}.${key}`)]),
    );
  }
  if (typeof value === "function" || typeof value === "symbol")
    throw new TypeError(`compile: found a ${typeof value} at ${path}; capture it in the function instead`);
  return value;
}

function assembleOutput(skeleton: unknown, tensors: readonly Tensor[]): unknown {
  if (skeleton instanceof Slot) return tensors[skeleton.index];
  if (Array.isArray(skeleton)) return skeleton.map((entry) => assembleOutput(entry, tensors));
  if (typeof skeleton === "object" && skeleton !== null)
    return Object.fromEntries(Object.entries(skeleton).map(([key, entry]) => [key, assembleOutput(entry, tensors)]));
  return skeleton;
}

/** Whether `value` has the structure of `skeleton` and tensors like `leaves`; its tensors go to `found`. */
function matches(skeleton: unknown, value: unknown, leaves: readonly Tensor[], found: Tensor[]): boolean {
  if (value instanceof Tensor) {
    if (!(skeleton instanceof Slot)) return false;
    const like = leaves[skeleton.index];
    found.push(value);
    return like.dtype === value.dtype && sameShape(like.shape, value.shape);
  }
  if (typeof value !== "object" || value === null) return Object.is(skeleton, value);
  if (typeof skeleton !== "object" || skeleton === null || skeleton instanceof Slot) return false;
  if (Array.isArray(value)) {
    if (!Array.isArray(skeleton) || skeleton.length !== value.length) return false;
    for (let k = 0; k < value.length; k++) if (!matches(skeleton[k], value[k], leaves, found)) return false;
    return true;
  }
  const keys = Object.keys(value);
  const expected = Object.keys(skeleton);
  if (keys.length !== expected.length) return false;
  for (let k = 0; k < keys.length; k++) {
    if (keys[k] !== expected[k]) return false;
    const key = keys[k] as keyof typeof value;
    if (!matches((skeleton as Record<string, unknown>)[key], value[key], leaves, found)) return false;
  }
  return true;
}

/** Whether the engine may compile WebAssembly here: a page's content-security policy can forbid it. */
function webAssemblyAllowed(): boolean {
  if (typeof WebAssembly !== "object" || !hasFeature("simd")) return false;
  try {
    return new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/**
 * The same function as one WebAssembly program: run once on placeholders for each new signature of its arguments
 * (structure, shapes, dtypes), then recorded, simplified, fused, planned and emitted. Numbers and strings among the
 * arguments are part of the program: pass what changes from call to call as a tensor. Under another transformation
 * (`grad(compile(f))`) the function itself is called.
 * @throws Error where the function reads a value (`item`, `toArray`, `data`) while it is compiled.
 * @example compile((x) => add(mul(x, x), 1))(tensor([1, 2]))   // tensor([2, 5])
 */
export function compile<Arguments extends readonly unknown[], Output>(
  f: (...args: Arguments) => Output,
  options: CompileOptions = {},
): Compiled<Arguments, Output> {
  const { programs = 16 } = options;
  const entries: Entry[] = [];
  const find = (args: Arguments): { entry: Entry; tensors: readonly Tensor[] } => {
    for (let k = 0; k < entries.length; k++) {
      const found: Tensor[] = [];
      const entry = entries[k];
      if (matches(entry.skeleton, args, entry.leaves, found)) {
        if (k > 0) entries.unshift(...entries.splice(k, 1));
        return { entry, tensors: found };
      }
    }
    const found: Tensor[] = [];
    const skeleton = dissect(args, found, "arguments");
    const entry = build(f, skeleton, found, options);
    entries.unshift(entry);
    entries.length = Math.min(entries.length, programs);
    return { entry, tensors: found };
  };
  const call = (...args: Arguments): Output => {
    if (currentInterpreter() !== evaluate) return f(...args);
    const { entry, tensors } = find(args);
    return assembleOutput(entry.output, entry.executable.call(tensors)) as Output;
  };
  return Object.assign(call, {
    explain: (...args: Arguments) => {
      const { entry } = find(args);
      return explain(entry.executable, entry.stages);
    },
  });
}

function build<Arguments extends readonly unknown[], Output>(
  f: (...args: Arguments) => Output,
  skeleton: unknown,
  leaves: readonly Tensor[],
  { deterministic = false, verify = false }: CompileOptions,
): Entry {
  let output: unknown;
  const recorded = record((placeholders) => {
    const results: Tensor[] = [];
    output = dissect(f(...(assembleOutput(skeleton, placeholders) as Arguments)), results, "the result");
    return results;
  }, leaves);
  if (verify) verifyProgram(recorded, "record");
  const simplified = simplify(recorded);
  if (verify) verifyProgram(simplified, "simplify");
  // Only signatures are kept, not the arguments' memory.
  const signatures = leaves.map(
    ({ dtype, shape }) =>
      new Tensor(
        { data: new Uint8Array(0), version: 0 },
        dtype,
        shape,
        shape.map(() => 0),
        0,
      ),
  );
  if (!webAssemblyAllowed()) {
    const stages = { recorded: simplified, kernels: undefined, plan: undefined };
    return { skeleton, leaves: signatures, executable: evaluatorExecutable(simplified), output, stages };
  }
  const kernels = dropStores(fuse(simplified, isEmittable));
  const planned = plan(kernels);
  const fused = !deterministic && hasFeature("relaxedSimd");
  const executable = webAssemblyExecutable(kernels, planned, fused);
  return { skeleton, leaves: signatures, executable, output, stages: { recorded: simplified, kernels, plan: planned } };
}
