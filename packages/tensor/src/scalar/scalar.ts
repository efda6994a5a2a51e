import type { Kernel } from "../wasm/eagerLanes.js";

/**
 * The arithmetic of one element. The body of an elementwise primitive is written once in this small language;
 * the evaluator, WebAssembly and GPU kernels all lower from it. Bodies are graphs: a shared node is computed once.
 */
export type Scalar =
  | { readonly kind: "input"; readonly index: number }
  /** Its type is that of its value, a whole number or not, unless it is given. */
  | { readonly kind: "constant"; readonly value: number; readonly type?: ScalarType }
  /** The row-major number of the element that is computed. */
  | { readonly kind: "position" }
  | { readonly kind: "operation"; readonly instruction: Instruction; readonly arguments: readonly Scalar[] };

/** Whether a value is a whole number of 32 bits (arithmetic wraps) or a real one. */
export type ScalarType = "integer" | "float";

/** Applies an instruction to the first `n` entries of blocks of float64: `out[i] = f(a[i], b[i], c[i])`. */
export type Loop = (out: Float64Array, n: number, a: Float64Array, b: Float64Array, c: Float64Array) => void;

export interface Instruction {
  readonly name: string;
  readonly arity: 1 | 2 | 3;
  /** The type of the result: as the arguments (float if any is), or always one. `select` ignores its condition. */
  readonly result: "as arguments" | "as branches" | ScalarType;
  /** Whether the result is always 0 or 1. */
  readonly truth?: true;
  readonly loop: Loop;
  /** Where whole numbers differ: arithmetic that wraps. */
  readonly integerLoop?: Loop;
  /**
   * WebAssembly's instruction, where it has the very results of `loop`, rounded: the second byte of its code on lanes of
   * float32, which is 12 less than that on lanes of float64. Or what does the same for float32 only.
   */
  readonly lanes?: number | (() => Kernel | null);
}

export type Operand = Scalar | number;

export const input = (index: number): Scalar => ({ kind: "input", index });
export const constant = (value: number): Scalar => ({ kind: "constant", value });
export const position: Scalar = { kind: "position" };

const lift = (x: Operand): Scalar => (typeof x === "number" ? constant(x) : x);

export const operation = (instruction: Instruction, ...operands: Operand[]): Scalar => ({
  kind: "operation",
  instruction,
  arguments: operands.map(lift),
});

/** Replaces the inputs of a body: this is all that fusing two bodies means. Shared nodes stay shared. */
export function substitute(body: Scalar, inputs: readonly Scalar[]): Scalar {
  const done = new Map<Scalar, Scalar>();
  const visit = (e: Scalar): Scalar => {
    if (e.kind === "input") return inputs[e.index];
    if (e.kind !== "operation") return e;
    let made = done.get(e);
    if (!made) {
      made = { ...e, arguments: e.arguments.map(visit) };
      done.set(e, made);
    }
    return made;
  };
  return visit(body);
}

/** The nodes of a body, each once. */
export function nodesOf(body: Scalar): readonly Scalar[] {
  const seen = new Set<Scalar>();
  const visit = (e: Scalar): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if (e.kind === "operation") e.arguments.forEach(visit);
  };
  visit(body);
  return [...seen];
}

/** The numbers of the inputs that a body reads, each at least once. */
export const inputsOf = (body: Scalar): readonly number[] =>
  nodesOf(body).flatMap((e) => (e.kind === "input" ? [e.index] : []));

/** For people and golden tests: `add(x0, mul(x1, 2))`; `mul(s0, s0) where s0 = exp(x0)` for what is shared. */
export function printScalar(body: Scalar): string {
  const seen = new Set<Scalar>();
  const shared = new Set<Scalar>();
  const visit = (e: Scalar): void => {
    if (e.kind !== "operation") return;
    if (seen.has(e)) shared.add(e);
    else e.arguments.forEach(visit);
    seen.add(e);
  };
  visit(body);
  const names = new Map<Scalar, string>();
  const definitions: string[] = [];
  const print = (e: Scalar): string => {
    if (e.kind === "input") return `x${e.index}`;
    if (e.kind === "constant") return String(e.value);
    if (e.kind === "position") return e.kind;
    let text = names.get(e);
    if (!text) {
      text = `${e.instruction.name}(${e.arguments.map(print).join(", ")})`;
      if (shared.has(e)) {
        const length = definitions.push(`s${definitions.length} = ${text}`);
        text = `s${length - 1}`;
        names.set(e, text);
      }
    }
    return text;
  };
  const text = print(body);
  return definitions.length > 0 ? `${text} where ${definitions.join(", ")}` : text;
}
