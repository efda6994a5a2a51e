import {
  type Expression,
  type FunctionBuilder,
  type FunctionHandle,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
} from "../assembler/index.js";
import { repeat } from "../loops.js";
import type { ElementType } from "./element.js";

export interface TileOptions {
  readonly element: ElementType;
  readonly fused: boolean;
  readonly rows: number;
  readonly vectors: number;
  /** A's panel is packed: rows one element apart, so that they share a pointer; columns this many bytes apart. */
  readonly packedStep?: number;
}

/**
 * The kernel: a column of tiles of C, each rows × vectors, as a sum over the steps of a column of A times a row of B.
 * The function (a, aRow, aColumn, aAdvance, b, bStep, c, cRow, steps, lastLanes, adds, tiles), all i32: the address of A,
 * its strides in bytes and what to add from one tile to the next; the address of B's panel and its step; the address of C
 * and its row stride; steps; the valid lanes of the last vector; whether to add to what is there; tiles, one below another.
 * A loop over steps that is unrolled only costs registers (measured), and a counter beside the pointer that ends the
 * loop costs a tenth of the speed.
 */
export function tileFunction(
  module: ModuleBuilder,
  { element, fused, rows, vectors, packedStep }: TileOptions,
): FunctionHandle {
  const form = `${rows}x${vectors}${fused ? ".fused" : ""}${packedStep === undefined ? "" : ".packed"}`;
  const name = `tiles.${element.dtype}.${form}`;
  const parameters = new Array<"i32">(12).fill("i32");
  return module.routine(name, () =>
    module.function({ name, parameters, results: [] }, (f, ...locals): undefined => {
      const [a, aRow, aColumn, aAdvance, b, bStep, c, cRow, steps, lastLanes, adds, tiles] = locals as TileOperands;
      const sums = Array.from({ length: rows }, () => f.locals("v128", vectors));
      const panelEnd = f.let(i32.add(b, i32.mul(bStep, steps)));
      repeat(f, tiles, () => {
        for (const sum of sums.flat()) f.set(sum, element.float.const(0));
        f.scope(() => {
          const right = f.let(b);
          const pointers = [f.let(a)];
          if (packedStep === undefined) {
            for (let i = 1; i < rows; i++) pointers.push(f.let(i32.add(pointers[i - 1]!, aRow)));
          }
          f.block((leave) => {
            f.branchIf(leave, i32.eqz(steps));
            f.loop((again) => {
              const load = (i: number) =>
                packedStep === undefined
                  ? element.loadSplat(pointers[i]!)
                  : element.loadSplat(pointers[0]!, i * element.bytes);
              multiplyAdd(f, element, fused, sums, load, right);
              for (const pointer of pointers) {
                f.set(pointer, i32.add(pointer, packedStep === undefined ? aColumn : packedStep));
              }
              f.set(right, i32.add(right, bStep));
              f.branchIf(again, i32.ne(right, panelEnd));
            });
          });
        });
        finish(f, element, sums, c, cRow, lastLanes, adds);
        f.set(a, i32.add(a, aAdvance));
        f.set(c, i32.add(c, i32.mul(cRow, rows)));
      });
    }),
  );
}

type TileOperands = [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];

/** One step: sums[i][j] += A[i]·B[j]. */
function multiplyAdd(
  f: FunctionBuilder,
  { float }: ElementType,
  fused: boolean,
  sums: readonly (readonly Local[])[],
  load: (row: number) => Expression,
  right: Local,
): void {
  f.scope(() => {
    const vectors = sums[0]!.map((_, j) => f.let(v128.load(right, j * 16)));
    sums.forEach((row, i) => {
      f.scope(() => {
        const left = f.let(load(i));
        row.forEach((sum, j) => {
          const vector = vectors[j]!;
          f.set(sum, fused ? float.relaxedMadd(left, vector, sum) : float.add(sum, float.mul(left, vector)));
        });
      });
    });
  });
}

/** Adds what is there, stores. */
function finish(
  f: FunctionBuilder,
  element: ElementType,
  sums: readonly (readonly Local[])[],
  c: Local,
  cRow: Local,
  lastLanes: Local,
  adds: Local,
): void {
  const { float, lanes } = element;
  const eachRow = (body: (row: readonly Local[], target: Local) => void): void =>
    f.scope(() => {
      const target = f.let(c);
      sums.forEach((line, i) => {
        if (i > 0) f.set(target, i32.add(target, cRow));
        body(line, target);
      });
    });

  f.if(adds, () => {
    eachRow((line, target) => {
      for (const [j, sum] of line.entries()) f.set(sum, float.add(sum, v128.load(target, j * 16)));
    });
  });
  f.if(
    i32.eq(lastLanes, lanes),
    () =>
      eachRow((line, target) => {
        for (const [j, sum] of line.entries()) f.do(v128.store(target, sum, j * 16));
      }),
    () =>
      eachRow((line, target) => {
        const whole = line.length - 1;
        for (let j = 0; j < whole; j++) f.do(v128.store(target, line[j]!, j * 16));
        storeFirst(f, element, target, line[whole]!, whole * 16, lastLanes);
      }),
  );
}

/** Stores the first lanes, one at least. */
function storeFirst(
  f: FunctionBuilder,
  { lanes, bytes, storeLane }: ElementType,
  target: Local,
  vector: Local,
  offset: number,
  valid: Local,
): void {
  for (let lane = 0; lane < lanes; lane++) {
    const write = () => f.do(storeLane(target, vector, lane, offset + lane * bytes));
    if (lane === 0) write();
    else f.if(i32.gtSigned(valid, lane), write);
  }
}
