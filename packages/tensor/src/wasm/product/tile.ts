import {
  type Expression,
  type FunctionBuilder,
  type FunctionHandle,
  i32,
  type Local,
  type ModuleBuilder,
  type ValueType,
  v128,
} from "../assembler/index.js";
import { repeat } from "../loops.js";
import type { Site } from "../math/shape.js";
import { storeVector } from "../stream.js";
import type { ElementType } from "./element.js";

/** Code that transforms what is about to be stored. */
export interface Epilogue {
  /** Names this epilogue among all that the module uses. */
  readonly name: string;
  /** Values handed from the caller of the product to `emit`: addresses of biases, say. */
  readonly parameters: readonly ValueType[];
  /**
   * The new value of a vector whose first lane is C[row, column]. Lanes beyond the last column hold garbage, so an
   * array read along the columns must be followed by at least 16 readable bytes.
   */
  emit(site: Site, value: Local, row: Expression, column: Expression, ...extra: Local[]): Expression;
}

/** Bits of a tile's `mode`. */
export const addToResult = 1;
export const lastBlock = 2;

/**
 * What a tile function takes, all i32: the address of A, its strides in bytes and what to add from one tile to the
 * next; the address of B's panel and its step; the address of C and its row stride; steps; tiles, one below another;
 * the valid lanes of the last vector; the first row and column; the mode.
 */
export interface TileOperands {
  readonly a: Expression;
  readonly aRow: Expression;
  readonly aColumn: Expression;
  readonly aAdvance: Expression;
  readonly b: Expression;
  readonly bStep: Expression;
  readonly c: Expression;
  readonly cRow: Expression;
  readonly steps: Expression;
  readonly tiles: Expression;
  readonly lastLanes: Expression;
  readonly row: Expression;
  readonly column: Expression;
  readonly mode: Expression;
}

const operandNames = [
  ...(["a", "aRow", "aColumn", "aAdvance", "b", "bStep", "c", "cRow"] as const),
  ...(["steps", "tiles", "lastLanes", "row", "column", "mode"] as const),
];

export interface TileOptions {
  readonly element: ElementType;
  readonly fused: boolean;
  readonly rows: number;
  readonly vectors: number;
  /** A's panel is packed: rows one element apart, so that they share a pointer; columns this many bytes apart. */
  readonly packedStep?: number;
  readonly epilogue: Epilogue | undefined;
}

/** Calls the function that writes tiles of these options, defining it if need be. */
export function callTiles({ module, f }: Site, options: TileOptions, operands: TileOperands, extra: readonly Local[]) {
  f.callInto([], tileFunction(module, options), ...operandNames.map((name) => operands[name]), ...extra);
}

/**
 * The kernel: a column of tiles of C, each rows × vectors, as a sum over the steps of a column of A times a row of B.
 * A loop over steps that is unrolled only costs registers (measured), and a counter beside the pointer that ends the
 * loop costs a tenth of the speed.
 */
function tileFunction(module: ModuleBuilder, options: TileOptions): FunctionHandle {
  const { element, fused, rows, vectors, packedStep, epilogue } = options;
  const form = `${rows}x${vectors}${fused ? ".fused" : ""}${packedStep === undefined ? "" : ".packed"}`;
  const name = `tiles.${element.dtype}.${form}.${epilogue?.name ?? "plain"}`;
  const parameters: ValueType[] = [...operandNames.map(() => "i32" as const), ...(epilogue?.parameters ?? [])];
  return module.routine(name, () =>
    module.function({ name, parameters, results: [] }, (f, ...locals): undefined => {
      const operands = Object.fromEntries(operandNames.map((operand, i) => [operand, locals[i]!])) as {
        [K in keyof TileOperands]: Local;
      };
      const { a, aAdvance, b, bStep, c, steps, tiles, row } = operands;
      const extra = locals.slice(operandNames.length);
      const sums = Array.from({ length: rows }, () => f.locals("v128", vectors));
      const panelEnd = f.let(i32.add(b, i32.mul(bStep, steps)));
      repeat(f, tiles, () => {
        for (const sum of sums.flat()) f.set(sum, element.float.const(0));
        f.scope(() => {
          const right = f.let(b);
          const pointers = [f.let(a)];
          if (packedStep === undefined) {
            for (let i = 1; i < rows; i++) pointers.push(f.let(i32.add(pointers[i - 1]!, operands.aRow)));
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
                f.set(pointer, i32.add(pointer, packedStep === undefined ? operands.aColumn : i32.const(packedStep)));
              }
              f.set(right, i32.add(right, bStep));
              f.branchIf(again, i32.ne(right, panelEnd));
            });
          });
        });
        finish({ module, f }, options, sums, operands, extra);
        f.set(a, i32.add(a, aAdvance));
        f.set(c, i32.add(c, i32.mul(operands.cRow, i32.const(rows))));
        f.set(row, i32.add(row, i32.const(rows)));
      });
    }),
  );
}

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

/** Adds what is there, applies the epilogue, stores. */
function finish(
  site: Site,
  { element, epilogue }: TileOptions,
  sums: readonly (readonly Local[])[],
  { c, cRow, lastLanes, row, column, mode }: { readonly [K in keyof TileOperands]: Local },
  extra: readonly Local[],
): void {
  const { f } = site;
  const { float, lanes } = element;
  const eachRow = (body: (row: readonly Local[], i: number, target: Local) => void): void =>
    f.scope(() => {
      const target = f.let(c);
      sums.forEach((line, i) => {
        if (i > 0) f.set(target, i32.add(target, cRow));
        body(line, i, target);
      });
    });

  f.if(i32.and(mode, i32.const(addToResult)), () => {
    eachRow((line, _, target) => {
      for (const [j, sum] of line.entries()) f.set(sum, float.add(sum, v128.load(target, j * 16)));
    });
  });
  if (epilogue !== undefined) {
    f.if(i32.and(mode, i32.const(lastBlock)), () => {
      eachRow((line, i) => {
        for (const [j, sum] of line.entries()) {
          f.scope(() => {
            const at = [i32.add(row, i32.const(i)), i32.add(column, i32.const(j * lanes))] as const;
            f.set(sum, epilogue.emit(site, sum, ...at, ...extra));
          });
        }
      });
    });
  }
  f.if(
    i32.eq(lastLanes, i32.const(lanes)),
    () =>
      eachRow((line, _, target) => {
        for (const [j, sum] of line.entries()) f.do(v128.store(target, sum, j * 16));
      }),
    () =>
      eachRow((line, _, target) => {
        const whole = line.length - 1;
        for (let j = 0; j < whole; j++) f.do(v128.store(target, line[j]!, j * 16));
        storeVector(f, element.dtype, element.dtype, target, line[whole]!, whole * 16, lastLanes);
      }),
  );
}
