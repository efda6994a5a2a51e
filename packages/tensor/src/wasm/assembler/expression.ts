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

function checkOperands(name: string, expected: readonly ValueType[], operands: readonly Expression[]): void {
  for (let i = 0; i < expected.length; i++) {
    const found = operands[i]?.type;
    if (found !== expected[i]) throw new TypeError(`${name}: operand ${i} must be ${expected[i]}, found ${found}`);
  }
}

/** What follows the opcode. */
type Immediate = (code: CodeWriter) => void;

/** A class, not an object with a function of its own: a module is made of thousands. */
class Operation<R extends ValueType | "none"> {
  constructor(
    readonly type: R,
    readonly opcode: number,
    readonly operands: readonly Expression[],
    readonly immediate: Immediate | undefined,
  ) {}

  emit(code: CodeWriter): void {
    // Not `for … of`: until the engine optimises this, that would make an object for each operand.
    for (let k = 0; k < this.operands.length; k++) this.operands[k]!.emit(code);
    code.opcode(this.opcode);
    this.immediate?.(code);
  }
}

/** One instruction after its operands. */
export function operation<R extends ValueType | "none">(
  name: string,
  opcode: number,
  result: R,
  expected: readonly ValueType[],
  operands: readonly Expression[],
  immediate?: Immediate,
): { readonly type: R; emit(code: CodeWriter): void } {
  checkOperands(name, expected, operands);
  return new Operation(result, opcode, operands, immediate);
}

export type Unary = (a: Expression) => Expression;
export type Binary = (a: Expression, b: Expression) => Expression;
export type Ternary = (a: Expression, b: Expression, c: Expression) => Expression;

/** Opcodes that follow one another. */
export const inOrder = <N extends string>(first: number, ...names: readonly N[]): Readonly<Record<N, number>> =>
  Object.fromEntries(names.map((name, k) => [name, first + k])) as Record<N, number>;

/** Instruction makers from a table of opcodes, all with the same operand and result types. */
export function table<N extends string, F extends Unary | Binary | Ternary>(
  prefix: string,
  operands: readonly ValueType[],
  result: ValueType,
  opcodes: Readonly<Record<N, number>>,
): Readonly<Record<N, F>> {
  const made: Partial<Record<N, F>> = {};
  for (const name of Object.keys(opcodes) as N[]) {
    const full = `${prefix}.${name}`;
    const opcode = opcodes[name];
    made[name] = ((...values: Expression[]) => operation(full, opcode, result, operands, values)) as F;
  }
  return made as Record<N, F>;
}

/** Reads from memory at address + offset (bytes); nothing is assumed about alignment beyond the hint of one byte. */
export type Load = (address: Expression, offset?: number) => Expression;
/** Writes to memory at address + offset (bytes). */
export type Store = (address: Expression, value: Expression, offset?: number) => Statement;

function memoryArgument(offset: number): Immediate {
  return (code) => {
    code.byte(0);
    code.unsigned(offset);
  };
}

export function load(name: string, opcode: number, type: ValueType): Load {
  return (address, offset = 0) => operation(name, opcode, type, ["i32"], [address], memoryArgument(offset));
}

export function store(name: string, opcode: number, type: ValueType): Store {
  return (address, value, offset = 0) =>
    operation(name, opcode, "none", ["i32", type], [address, value], memoryArgument(offset));
}

/** Like load and store, for one lane of a vector. */
export function loadLane(name: string, opcode: number) {
  return (address: Expression, vector: Expression, lane: number, offset = 0): Expression =>
    operation(name, opcode, "v128", ["i32", "v128"], [address, vector], (code) => {
      memoryArgument(offset)(code);
      code.byte(lane);
    });
}

export function storeLane(name: string, opcode: number) {
  return (address: Expression, vector: Expression, lane: number, offset = 0): Statement =>
    operation(name, opcode, "none", ["i32", "v128"], [address, vector], (code) => {
      memoryArgument(offset)(code);
      code.byte(lane);
    });
}

/** An operation whose immediate is a lane number. */
export function extractLane(name: string, opcode: number, result: ValueType) {
  return (vector: Expression, lane: number): Expression =>
    operation(name, opcode, result, ["v128"], [vector], (code) => code.byte(lane));
}

export function replaceLane(name: string, opcode: number, scalar: ValueType) {
  return (vector: Expression, lane: number, value: Expression): Expression =>
    operation(name, opcode, "v128", ["v128", scalar], [vector, value], (code) => code.byte(lane));
}

/** A constant: an opcode and its immediate. */
export function constant(opcode: number, type: ValueType, immediate: Immediate): Expression {
  return operation("const", opcode, type, [], [], immediate);
}
