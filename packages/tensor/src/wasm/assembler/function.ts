import { ByteWriter, CodeWriter, vectorConstant } from "./bytes.js";
import {
  type Expression,
  Local,
  type Operand,
  type Statement,
  typeCode,
  typeOf,
  type ValueType,
  write,
} from "./expression.js";

/** A function that code can call: defined in the module, or imported. */
export interface FunctionHandle {
  readonly index: number;
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Where a branch can go: the end of a block, the start of a loop. */
export interface Label {
  readonly depth: number;
}

/** Code in the making. */
export interface Draft {
  readonly code: CodeWriter;
  /** Locals that can be used again. */
  readonly free: Local[];
  /** How deep it begins, and where the statements at that depth end. */
  readonly depth: number;
  readonly ends: number[];
}

/** Writes the body of one function. Statements are written in the order of the calls. */
export class FunctionBuilder {
  readonly parameters: readonly Local[];
  readonly #locals: ValueType[] = [];
  readonly #scopes: Local[][] = [];
  readonly #constants = new Map<string, { readonly local: number; readonly vector: Uint8Array }>();
  #depth = 0;
  /** Where statements are written; `interleave` changes it for a while. */
  draft: Draft = this.newDraft();

  constructor(parameters: readonly ValueType[]) {
    this.parameters = parameters.map((type, index) => new Local(type, index));
  }

  get code(): CodeWriter {
    return this.draft.code;
  }

  /** Code of the same function, to be written apart, with locals that no other draft uses. */
  newDraft(): Draft {
    return { code: new CodeWriter((vector) => this.#constant(vector)), free: [], depth: this.#depth, ends: [] };
  }

  /** A local variable. It holds zero, or what a released local of its type held last. */
  local(type: ValueType): Local {
    const { free } = this.draft;
    const reusable = free.findIndex((local) => local.type === type);
    const local = reusable >= 0 ? free.splice(reusable, 1)[0]! : this.#newLocal(type);
    this.#scopes.at(-1)?.push(local);
    return local;
  }

  #newLocal(type: ValueType): Local {
    return new Local(type, this.parameters.length + this.#locals.push(type) - 1);
  }

  #constant(vector: Uint8Array): number {
    const key = String.fromCharCode(...vector);
    let known = this.#constants.get(key);
    if (!known) {
      known = { local: this.#newLocal("v128").index, vector };
      this.#constants.set(key, known);
    }
    return known.local;
  }

  locals(type: ValueType, count: number): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  /** Runs `body`, then gives the locals it made back for reuse. */
  scope<T>(body: () => T): T {
    this.#scopes.push([]);
    try {
      return body();
    } finally {
      this.draft.free.push(...this.#scopes.pop()!);
    }
  }

  /** Binds the value to a new local, so that it can be used many times. */
  let(value: Operand): Local {
    const local = this.local(typeOf(value));
    this.set(local, value);
    return local;
  }

  set(local: Local, value: Operand): void {
    write(this.code, value);
    this.code.opcode(0x21);
    this.code.unsigned(local.index);
    this.endStatement();
  }

  do(statement: Statement): void {
    statement.emit(this.code);
    this.endStatement();
  }

  /** Called where one ends; `interleave` takes turns there. */
  endStatement(): void {
    const { code, depth, ends } = this.draft;
    if (depth === this.#depth) ends.push(code.length);
  }

  #nest(opcode: number, body: (label: Label) => void): void {
    this.code.opcode(opcode);
    this.code.byte(0x40);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    this.code.byte(0x0b);
    this.endStatement();
  }

  /** A block; branching to its label leaves it. */
  block(body: (leave: Label) => void): void {
    this.#nest(0x02, body);
  }

  /** A loop; branching to its label starts it again, falling off its end leaves it. */
  loop(body: (again: Label) => void): void {
    this.#nest(0x03, body);
  }

  if(condition: Operand, then: () => void, otherwise?: () => void): void {
    write(this.code, condition);
    this.#nest(0x04, () => {
      then();
      if (otherwise === undefined) return;
      this.code.opcode(0x05);
      otherwise();
    });
  }

  /** How many blocks a branch to the label leaves: what follows its opcode. */
  distance(label: Label): number {
    return this.#depth - label.depth;
  }

  branchIf(label: Label, condition: Operand): void {
    write(this.code, condition);
    this.code.opcode(0x0d);
    this.code.unsigned(this.distance(label));
  }

  return(...values: Operand[]): void {
    for (const value of values) write(this.code, value);
    this.code.opcode(0x0f);
  }

  /** Calls a function and puts its results into locals. */
  callInto(results: readonly Local[], callee: FunctionHandle, ...operands: Operand[]): void {
    writeCall(this.code, callee, operands);
    for (let i = results.length - 1; i >= 0; i--) {
      this.code.opcode(0x21);
      this.code.unsigned(results[i]!.index);
    }
    this.endStatement();
  }

  /** The function's code as the module stores it: its locals, then its instructions. */
  encode(): Uint8Array {
    const writer = new ByteWriter();
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    writer.unsigned(runs.length);
    for (const { type, count } of runs) {
      writer.unsigned(count);
      writer.byte(typeCode[type]);
    }
    for (const { local, vector } of this.#constants.values()) {
      writer.opcode(vectorConstant);
      writer.raw(vector);
      writer.opcode(0x21);
      writer.unsigned(local);
    }
    writer.raw(this.code.finish());
    writer.byte(0x0b);
    return writer.finish();
  }
}

export function branch(f: FunctionBuilder, label: Label): void {
  f.code.opcode(0x0c);
  f.code.unsigned(f.distance(label));
}

/** Branches to labels[index], or to the last label if the index is beyond the others. */
export function branchTable(f: FunctionBuilder, labels: readonly Label[], index: Operand): void {
  write(f.code, index);
  f.code.opcode(0x0e);
  f.code.unsigned(labels.length - 1);
  for (const label of labels) f.code.unsigned(f.distance(label));
}

function writeCall(code: CodeWriter, callee: FunctionHandle, operands: readonly Operand[]): void {
  for (const operand of operands) write(code, operand);
  code.opcode(0x10);
  code.unsigned(callee.index);
}

/** The value of a function with one result. */
export const call = (callee: FunctionHandle, ...operands: Operand[]): Expression => ({
  type: callee.results[0]!,
  emit: (code) => writeCall(code, callee, operands),
});

/** Copies bytes within the memory; the ranges may overlap. */
export const copyMemory = (destination: Operand, source: Operand, bytes: Operand): Statement => ({
  type: "none",
  emit(code) {
    for (const operand of [destination, source, bytes]) write(code, operand);
    code.opcode(0xfc000a);
    code.raw([0, 0]);
  },
});
