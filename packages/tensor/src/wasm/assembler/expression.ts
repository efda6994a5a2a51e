import type { CodeWriter } from "./bytes.js";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** The byte by which the format names each type. */
export const typeCode: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/**
 * A tree of instructions that leaves one value on the stack; it is written where a statement uses it, and written again
 * wherever it is used again: bind what is shared with `FunctionBuilder.let`.
 */
export interface Expression {
  readonly type: ValueType;
  emit(code: CodeWriter): void;
}

/** What instructions on i32 work on; a number is a constant. */
export type Operand = Expression | number;

export const typeOf = (operand: Operand): ValueType => (typeof operand === "number" ? "i32" : operand.type);

export function write(code: CodeWriter, operand: Operand): void {
  if (typeof operand === "number") {
    code.opcode(0x41);
    code.signed(operand);
  } else operand.emit(code);
}

/** Instructions that leave nothing on the stack. */
export interface Statement {
  readonly type: "none";
  emit(code: CodeWriter): void;
}

/** A parameter or local variable of a function; reading it is an expression. */
export class Local implements Expression {
  constructor(
    readonly type: ValueType,
    readonly index: number,
  ) {}

  emit(code: CodeWriter): void {
    code.opcode(0x20);
    code.unsigned(this.index);
  }
}

/** What follows the opcode. */
type Immediate = (code: CodeWriter) => void;

/** A class, not an object with a function of its own: a module is made of thousands. */
class Operation<R extends ValueType | "none"> {
  constructor(
    readonly type: R,
    readonly opcode: number,
    readonly operands: readonly Operand[],
    readonly immediate: Immediate | undefined,
  ) {}

  emit(code: CodeWriter): void {
    // Not `for … of`: until the engine optimises this, that would make an object for each operand.
    for (let k = 0; k < this.operands.length; k++) write(code, this.operands[k]!);
    code.opcode(this.opcode);
    this.immediate?.(code);
  }
}

/**
 * One instruction after its operands. Their types are the engine's to check, when it compiles the module: its error names
 * the instruction and what it found.
 */
export const operation = <R extends ValueType | "none">(
  opcode: number,
  result: R,
  operands: readonly Operand[],
  immediate?: Immediate,
): { readonly type: R; emit(code: CodeWriter): void } => new Operation(result, opcode, operands, immediate);

export type Unary = (a: Expression) => Expression;
export type Binary = (a: Expression, b: Expression) => Expression;
export type WholeUnary = (a: Operand) => Expression;
export type WholeBinary = (a: Operand, b: Operand) => Expression;
export type Shift = (a: Expression, b: Operand) => Expression;
export type Ternary = (a: Expression, b: Expression, c: Expression) => Expression;

/** Opcodes that follow one another. */
export const inOrder = <N extends string>(first: number, ...names: readonly N[]): Readonly<Record<N, number>> =>
  Object.fromEntries(names.map((name, k) => [name, first + k])) as Record<N, number>;

/** Instruction makers from opcodes by name, which count from `first`. */
export const mapped = <N extends string, F>(
  opcodes: Readonly<Record<N, number>>,
  make: (opcode: number) => F,
  first = 0,
): Readonly<Record<N, F>> =>
  Object.fromEntries(Object.entries<number>(opcodes).map(([name, code]) => [name, make(first + code)])) as Record<N, F>;

/** Those with the same type of result, and nothing after the opcode. */
export const table = <N extends string, F extends (...values: never[]) => Expression>(
  result: ValueType,
  opcodes: Readonly<Record<N, number>>,
  first?: number,
): Readonly<Record<N, F>> =>
  mapped(opcodes, (opcode) => ((...values: Operand[]) => operation(opcode, result, values)) as unknown as F, first);

/** Reads from memory at address + offset (bytes); nothing is assumed about alignment beyond the hint of one byte. */
export type Load = (address: Operand, offset?: number) => Expression;
/** Writes to memory at address + offset (bytes). */
export type Store = (address: Operand, value: Operand, offset?: number) => Statement;
/** The same for one lane of a vector. */
type LoadLane = (address: Operand, vector: Expression, lane: number, offset?: number) => Expression;
type StoreLane = (address: Operand, vector: Expression, lane: number, offset?: number) => Statement;

/** An offset in memory and its alignment, the number of a lane, or both. */
const immediate =
  (offset?: number, lane?: number): Immediate =>
  (code) => {
    if (offset !== undefined) {
      code.byte(0);
      code.unsigned(offset);
    }
    if (lane !== undefined) code.byte(lane);
  };

export const load =
  (type: ValueType) =>
  (opcode: number): Load =>
  (address, offset = 0) =>
    operation(opcode, type, [address], immediate(offset));

export const store =
  (opcode: number): Store =>
  (address, value, offset = 0) =>
    operation(opcode, "none", [address, value], immediate(offset));

export const loadLane =
  (opcode: number): LoadLane =>
  (address, vector, lane, offset = 0) =>
    operation(opcode, "v128", [address, vector], immediate(offset, lane));

export const storeLane =
  (opcode: number): StoreLane =>
  (address, vector, lane, offset = 0) =>
    operation(opcode, "none", [address, vector], immediate(offset, lane));

export const extractLane =
  (scalar: ValueType) =>
  (opcode: number) =>
  (vector: Expression, lane: number): Expression =>
    operation(opcode, scalar, [vector], immediate(undefined, lane));

export const replaceLane =
  (opcode: number) =>
  (vector: Expression, lane: number, value: Expression): Expression =>
    operation(opcode, "v128", [vector, value], immediate(undefined, lane));

/** A constant: an opcode and its immediate. */
export const constant = (opcode: number, type: ValueType, immediate: Immediate): Expression =>
  operation(opcode, type, [], immediate);
