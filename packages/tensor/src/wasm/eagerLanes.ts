/** One instruction on arrays that lie outside WebAssembly: copied in by blocks, computed four or two lanes at a time. */

/** Bytes of a block: one page, so that the few blocks of an instruction stay in the second cache. */
export const blockBytes = 65536;

/** Computes so many bytes of the third block from the first and the second. What is beyond them is not defined. */
export type Kernel = (bytes: number) => void;

interface Blocks {
  readonly memory: WebAssembly.Memory;
  readonly float32: readonly Float32Array[];
  readonly float64: readonly Float64Array[];
}

let blocks: Blocks | undefined;

/** Three blocks, one after another, of which all kernels make use; as arrays of either type. */
export function eagerBlocks(): Blocks {
  if (!blocks) {
    const memory = new WebAssembly.Memory({ initial: 3 });
    const views = <T>(View: new (buffer: ArrayBuffer, at: number, length: number) => T, bytes: number) =>
      [0, 1, 2].map((k) => new View(memory.buffer as ArrayBuffer, k * blockBytes, blockBytes / bytes));
    blocks = { memory, float32: views(Float32Array, 4), float64: views(Float64Array, 8) };
  }
  return blocks;
}

/** For modules that import their memory, as "m" of "e". */
export const blockImports = (): WebAssembly.Imports => ({ e: { m: eagerBlocks().memory } });

/** By their opcodes; null where WebAssembly or its vectors cannot be had. */
const made: Record<number, Kernel | null> = {};

/** The kernel of the vector instruction 0xfd `opcode` 0x01. */
export function kernelOf(opcode: number, arity: number): Kernel | null {
  if (made[opcode] === undefined) {
    try {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(opcode, arity)), blockImports());
      made[opcode] = exports.f as Kernel;
    } catch {
      made[opcode] = null;
    }
  }
  return made[opcode];
}

/**
 * The bytes of a module with the one function `f`. The assembler would take more code than all the rest of an addition,
 * and who adds ships no more than this.
 */
function moduleOf(opcode: number, arity: number): Uint8Array<ArrayBuffer> {
  // local.get $address; v128.load of the block
  const load = (block: number) => [0x20, 1, 0xfd, 0, 0, 0x80, 0x80, 4 * block];
  const code = [
    ...[1, 1, 0x7f], // One local: (local $address i32).
    ...[3, 0x40, 0x20, 1], // loop; local.get $address
    ...load(0),
    ...(arity > 1 ? load(1) : []),
    ...[0xfd, opcode, 1],
    ...[0xfd, 11, 0, 0x80, 0x80, 8], // v128.store to the third block
    ...[0x20, 1, 0x41, 16, 0x6a, 0x22, 1], // local.tee $address (i32.add (local.get $address) (i32.const 16))
    ...[0x20, 0, 0x48, 0x0d, 0], // br_if 0 (i32.lt_s … (local.get $bytes))
    ...[0x0b, 0x0b],
  ];
  return Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 5, 1, 0x60, 1, 0x7f, 0], // type (func (param $bytes i32))
    ...[2, 8, 1, 1, 101, 1, 109, 2, 0, 3], // import "e" "m" (memory 3)
    ...[3, 2, 1, 0], // function of type 0
    ...[7, 5, 1, 1, 102, 0, 0], // export "f"
    ...[10, code.length + 2, 1, code.length],
    ...code,
  );
}
