/** Loops over a range of integers. */

import { type FunctionBuilder, i32, type Local, type Operand } from "./assembler/index.js";

/** for (i = start; i < end; i += step), the end evaluated in every round; i may be read after the loop. */
export function forRange(
  f: FunctionBuilder,
  start: Operand,
  end: Operand,
  step: Operand,
  body: (i: Local) => void,
): Local {
  const i = f.let(start);
  f.block((leave) => {
    f.branchIf(leave, i32.geSigned(i, end));
    f.loop((again) => {
      body(i);
      f.set(i, i32.add(i, step));
      f.branchIf(again, i32.ltSigned(i, end));
    });
  });
  return i;
}

/** Runs the body `count` times (an i32 local, counted down to zero). */
export function repeat(f: FunctionBuilder, count: Local, body: () => void): void {
  f.block((leave) => {
    f.branchIf(leave, i32.eqz(count));
    f.loop((again) => {
      body();
      f.set(count, i32.sub(count, 1));
      f.branchIf(again, count);
    });
  });
}
