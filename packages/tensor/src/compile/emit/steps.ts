import {
  copyMemory,
  type FunctionBuilder,
  type FunctionHandle,
  f64,
  i32,
  type Local,
  type ModuleBuilder,
  type Operand,
  v128,
} from "../../wasm/assembler/index.js";
import { forRange } from "../../wasm/loops.js";

// Many steps of a program in one call: rows of batches are copied from blocks to where the step reads them, its outputs
// to blocks, and the state from where one step leaves it to where the next one finds it, unless it stays in place.

/** A place in memory, in bytes. */
export interface Place {
  readonly address: number;
  readonly bytes: number;
}

/** What a step is given anew and what is kept of it: a place, and the block in which rows stand one after another. */
export interface Row extends Place {
  readonly block: number;
}

export interface Move extends Place {
  readonly to: number;
  /** Whether other moves may overwrite it: it is copied there first. */
  readonly held: number | undefined;
}

export interface Steps {
  readonly feeds: readonly Row[];
  readonly outputs: readonly Row[];
  readonly moves: readonly Move[];
}

/** The function (count, isFirst): so many steps, the first of all of them without the moves before it. */
export function emitSteps(module: ModuleBuilder, step: FunctionHandle, { feeds, outputs, moves }: Steps): void {
  module.function(
    { name: "steps", parameters: ["i32", "i32"], results: [], exported: true },
    (f, count, isFirst): undefined => {
      const at = (row: Row, k: Local): Operand => i32.add(row.block, i32.mul(k, row.bytes));
      forRange(f, 0, count, 1, (k) => {
        if (moves.length > 0)
          f.if(i32.eqz(i32.and(isFirst, i32.eqz(k))), () => {
            for (const { address, held, bytes } of moves) if (held !== undefined) copyBytes(f, held, address, bytes);
            for (const { address, held, to, bytes } of moves) copyBytes(f, to, held ?? address, bytes);
          });
        for (const row of feeds) copyBytes(f, row.address, at(row, k), row.bytes);
        f.callInto([], step);
        for (const row of outputs) copyBytes(f, at(row, k), row.address, row.bytes);
      });
    },
  );
}

/** Up to so many bytes are copied without the instruction for it, which is a call in today's engines. */
const fewBytes = 64;

function copyBytes(f: FunctionBuilder, to: Operand, from: Operand, bytes: number): void {
  if (bytes > fewBytes) {
    f.do(copyMemory(to, from, bytes));
    return;
  }
  f.scope(() => {
    const [target, source] = [f.let(to), f.let(from)];
    let at = 0;
    for (; at + 16 <= bytes; at += 16) f.do(v128.store(target, v128.load(source, at), at));
    for (; at + 8 <= bytes; at += 8) f.do(f64.store(target, f64.load(source, at), at));
    for (; at + 4 <= bytes; at += 4) f.do(i32.store(target, i32.load(source, at), at));
    for (; at < bytes; at++) f.do(i32.store8(target, i32.load8Unsigned(source, at), at));
  });
}
