import { ByteWriter, section } from "./bytes.js";
import { type Local, type Operand, typeCode, type ValueType, write } from "./expression.js";
import { FunctionBuilder, type FunctionHandle } from "./function.js";

export interface FunctionSignature {
  /** For errors, and the name of the export if there is one. */
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly exported?: boolean;
}

export interface MemoryLimits {
  /** Pages of 64 KiB. */
  readonly initial: number;
  readonly maximum?: number;
  readonly shared?: boolean;
}

interface Import {
  readonly module: string;
  readonly name: string;
  readonly write: (writer: ByteWriter) => void;
}

/** A WebAssembly module in the making: at most one memory, imported functions first, then its own. */
export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeBytes: Uint8Array[] = [];
  readonly #imports: Import[] = [];
  readonly #functions: { type: number; builder: FunctionBuilder }[] = [];
  readonly #exports: { name: string; kind: number; index: number }[] = [];
  readonly #routines = new Map<string, FunctionHandle>();
  #importedFunctions = 0;
  #ownMemory: MemoryLimits | undefined;

  #type(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters}→${results}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const writer = new ByteWriter();
    writer.byte(0x60);
    for (const list of [parameters, results]) {
      writer.unsigned(list.length);
      for (const type of list) writer.byte(typeCode[type]);
    }
    this.#typeBytes.push(writer.finish());
    return this.#types.push(key) - 1;
  }

  importMemory(module: string, name: string, limits: MemoryLimits): void {
    this.#imports.push({
      module,
      name,
      write: (writer) => {
        writer.byte(2);
        writeLimits(writer, limits);
      },
    });
  }

  /** A memory of the module's own, exported under the name `memory`. */
  memory(limits: MemoryLimits): void {
    this.#ownMemory = limits;
    this.#exports.push({ name: "memory", kind: 2, index: 0 });
  }

  importFunction(module: string, signature: FunctionSignature): FunctionHandle {
    if (this.#functions.length > 0) {
      throw new Error(`${signature.name}: import functions before defining any, their numbers come first`);
    }
    const type = this.#type(signature.parameters, signature.results);
    this.#imports.push({
      module,
      name: signature.name,
      write: (writer) => {
        writer.byte(0);
        writer.unsigned(type);
      },
    });
    return { ...signature, index: this.#importedFunctions++ };
  }

  /**
   * Defines a function; `body` writes its statements, and what it returns are the results left at the end. Other
   * functions may be defined while the body is written.
   */
  function(
    signature: FunctionSignature,
    body: (builder: FunctionBuilder, ...parameters: Local[]) => Operand | readonly Operand[] | undefined,
  ): FunctionHandle {
    const builder = new FunctionBuilder(signature.parameters);
    const type = this.#type(signature.parameters, signature.results);
    const index = this.#importedFunctions + this.#functions.push({ type, builder }) - 1;
    if (signature.exported) this.#exports.push({ name: signature.name, kind: 0, index });
    const results = [body(builder, ...builder.parameters) ?? []].flat() as Operand[];
    for (const result of results) write(builder.code, result);
    return { ...signature, index };
  }

  /** The function known by this name, defined by `define` the first time it is asked for. */
  routine(name: string, define: (module: ModuleBuilder) => FunctionHandle): FunctionHandle {
    const known = this.#routines.get(name);
    if (known !== undefined) return known;
    const handle = define(this);
    this.#routines.set(name, handle);
    return handle;
  }

  /** How many instructions the functions hold, block ends not counted. */
  get instructions(): number {
    return this.#functions.reduce((sum, { builder }) => sum + builder.code.instructions, 0);
  }

  /** The module's bytes; their length is the module's size. */
  encode(): Uint8Array<ArrayBuffer> {
    const writer = new ByteWriter();
    writer.raw([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    const list = <T>(id: number, items: readonly T[], write: (content: ByteWriter, item: T) => void): void => {
      if (items.length === 0) return;
      section(writer, id, (content) => {
        content.unsigned(items.length);
        for (const item of items) write(content, item);
      });
    };
    list(1, this.#typeBytes, (content, bytes) => content.raw(bytes));
    list(2, this.#imports, (content, item) => {
      content.text(item.module);
      content.text(item.name);
      item.write(content);
    });
    list(3, this.#functions, (content, { type }) => content.unsigned(type));
    list(5, this.#ownMemory ? [this.#ownMemory] : [], writeLimits);
    list(7, this.#exports, (content, { name, kind, index }) => {
      content.text(name);
      content.byte(kind);
      content.unsigned(index);
    });
    list(10, this.#functions, (content, { builder }) => {
      const body = builder.encode();
      content.unsigned(body.length);
      content.raw(body);
    });
    return writer.finish();
  }
}

function writeLimits(writer: ByteWriter, { initial, maximum, shared }: MemoryLimits): void {
  writer.byte((maximum === undefined ? 0 : 1) | (shared ? 2 : 0));
  writer.unsigned(initial);
  if (maximum !== undefined) writer.unsigned(maximum);
}
