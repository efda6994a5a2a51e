import { currentInterpreter, evaluate } from "../interpreter.js";
import type { Signature } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { type BuildOptions, type Built, build } from "./build.js";
import type { Explanation } from "./explain.js";
import { everything, type Parts } from "./parts.js";
import { dissect, fill, matches, type Skeleton } from "./skeleton.js";

export interface CompileOptions extends BuildOptions {
  /** How many programs, one for each signature of the arguments, are kept. Default: 16; the oldest goes. */
  readonly programs?: number;
  /**
   * The positions of arguments whose memory results of the same shape and dtype take: parameters and states that each
   * call replaces. A donated tensor, and every view of its memory, may not be used after the call. Default: none.
   */
  readonly donate?: readonly number[];
}

/** A compiled function: called like the function itself. */
export interface Compiled<Arguments extends readonly unknown[], Output> {
  (...args: Arguments): Output;
  /**
   * What became of the function for arguments like these: loops, bytes, operations, and with `profile` the time that
   * the calls so far took. Compiles if need be; runs nothing.
   */
  explain(...args: Arguments): Explanation;
}

interface Entry extends Built {
  readonly skeleton: Skeleton;
  readonly signatures: readonly Signature[];
  /** Those of the call at hand, by number; nothing is held between calls. */
  readonly tensors: Tensor[];
  call(tensors: readonly Tensor[]): readonly Tensor[];
}

const forget = (tensors: Tensor[]): void => void tensors.fill(undefined as never);

/** A function that compiles functions. Parameters without a type are tensors. */
export type Compile = <Arguments extends readonly unknown[] = Tensor[], Output = unknown>(
  f: (...args: Arguments) => Output,
  options?: CompileOptions,
) => Compiled<Arguments, Output>;

/**
 * The same function as one WebAssembly program: run once on placeholders for each new signature of its arguments
 * (structure, shapes, dtypes), then recorded, simplified, fused, planned and emitted. Numbers and strings among the
 * arguments are part of the program: pass what changes from call to call as a tensor. Under another transformation
 * (`grad(compile(f))`) the function itself is called.
 * @throws Error where the function reads a value (`item`, `toArray`, `data`) while it is compiled.
 * @throws RangeError where the program needs more memory than there is.
 * @example compile((x) => add(mul(x, x), 1))(tensor([1, 2]))   // tensor([2, 5])
 */
export const compile: Compile = /* @__PURE__ */ compiler(everything);

/**
 * A `compile` of one's own, of the parts that are named: a page that trains a small network ships three fifths of it.
 * A function that needs a routine which is not among them cannot be compiled: the error names it.
 * @example compiler({ routines: { tanh } })   // with tanh of @kinship/tensor/routines
 */
export function compiler(parts: Parts): Compile {
  return (f, options = {}) => compiled(f, options, parts);
}

function compiled<Arguments extends readonly unknown[], Output>(
  f: (...args: Arguments) => Output,
  options: CompileOptions,
  parts: Parts,
): Compiled<Arguments, Output> {
  const { programs = 16, donate = [] } = options;
  const { donor, explainer } = parts;
  if (donate.length > 0 && !donor) throw lacks("donate", "donor");
  if (options.profile && !explainer) throw lacks("profile", "explainer");
  const entries: Entry[] = [];
  const find = (args: Arguments): Entry => {
    for (let k = 0; k < entries.length; k++) {
      const entry = entries[k];
      if (matches(entry.skeleton, args, entry.signatures, entry.tensors)) {
        if (k > 0) entries.unshift(...entries.splice(k, 1));
        return entry;
      }
      forget(entry.tensors);
    }
    const tensors: Tensor[] = [];
    const skeleton = dissect(args, tensors, "arguments");
    const signatures = tensors.map(({ shape, dtype }): Signature => ({ shape, dtype }));
    const donation = donate.length > 0 ? donor!.donation(skeleton, signatures, donate) : undefined;
    const built = build(f, skeleton, signatures, options, parts, donation);
    const call = donation?.callOf(built) ?? built.executable.call;
    const entry = { ...built, skeleton, signatures, tensors, call };
    entries.unshift(entry);
    entries.splice(programs);
    return entry;
  };
  const call = (...args: Arguments): Output => {
    if (currentInterpreter() !== evaluate) return f(...args);
    const entry = find(args);
    const { output, tensors } = entry;
    try {
      return fill(output, entry.call(tensors)) as Output;
    } finally {
      forget(tensors);
    }
  };
  return Object.assign(call, {
    explain: (...args: Arguments) => {
      if (!explainer) throw lacks("explain", "explainer");
      const entry = find(args);
      forget(entry.tensors);
      return explainer.explain(entry.executable, entry.stages);
    },
  });
}

const lacks = (what: string, part: string): Error =>
  new Error(`${what}: this compiler was made without it; add ${part} to the parts of compiler({ … })`);
