import {
  type Expression,
  type FunctionHandle,
  i32,
  type Local,
  type ModuleBuilder,
  type ValueType,
  v128,
} from "../assembler/index.js";
import { repeat } from "../loops.js";
import type { Site } from "../math/shape.js";
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

/** a, its byte strides; b, its step; c, its row stride; k; valid lanes of the last vector; row, column; mode. */
const parameterCount = 12;

export interface TileOptions {
  readonly element: ElementType;
  readonly fused: boolean;
  readonly rows: number;
  readonly vectors: number;
  readonly epilogue: Epilogue | undefined;
}

/**
 * The kernel: a tile of C, rows × vectors, as a sum over k of a column of A times a row of B. A is read one element a
 * row through its strides, B `step` bytes apart. The loop over k is not unrolled: measured, that only costs registers.
 */
export function tileFunction(module: ModuleBuilder, options: TileOptions): FunctionHandle {
  const { element, fused, rows, vectors, epilogue } = options;
  const name = `tile.${element.dtype}.${rows}x${vectors}${fused ? ".fused" : ""}.${epilogue?.name ?? "plain"}`;
  const parameters: ValueType[] = [
    ...Array.from({ length: parameterCount }, () => "i32" as const),
    ...(epilogue?.parameters ?? []),
  ];
  return module.routine(name, () =>
    module.function({ name, parameters, results: [] }, (f, ...locals): undefined => {
      const [a, aRow, aColumn, b, bStep, c, cRow, k, lastLanes, row, column, mode] = locals as [
        ...[Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local],
      ];
      const { float, lanes } = element;
      const sums = Array.from({ length: rows }, () => f.locals("v128", vectors));
      const pointers = [a];
      for (let i = 1; i < rows; i++) pointers.push(f.let(i32.add(pointers[i - 1]!, aRow)));
      repeat(f, k, () => {
        f.scope(() => {
          const right = Array.from({ length: vectors }, (_, j) => f.let(v128.load(b, j * 16)));
          for (let i = 0; i < rows; i++) {
            f.scope(() => {
              const left = f.let(element.loadSplat(pointers[i]!));
              for (let j = 0; j < vectors; j++) {
                const sum = sums[i]![j]!;
                f.set(
                  sum,
                  fused ? float.relaxedMadd(left, right[j]!, sum) : float.add(sum, float.mul(left, right[j]!)),
                );
              }
            });
            f.set(pointers[i]!, i32.add(pointers[i]!, aColumn));
          }
        });
        f.set(b, i32.add(b, bStep));
      });

      const target = f.let(c);
      f.if(i32.and(mode, i32.const(addToResult)), () => {
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < vectors; j++) {
            f.set(sums[i]![j]!, float.add(sums[i]![j]!, v128.load(target, j * 16)));
          }
          if (i + 1 < rows) f.set(target, i32.add(target, cRow));
        }
      });
      if (epilogue !== undefined) {
        f.if(i32.and(mode, i32.const(lastBlock)), () => {
          for (let i = 0; i < rows; i++) {
            for (let j = 0; j < vectors; j++) {
              f.scope(() => {
                const at = [i32.add(row, i32.const(i)), i32.add(column, i32.const(j * lanes))] as const;
                f.set(sums[i]![j]!, epilogue.emit({ module, f }, sums[i]![j]!, ...at, ...locals.slice(parameterCount)));
              });
            }
          }
        });
      }
      const storeFull = (i: number, count: number) => {
        for (let j = 0; j < count; j++) f.do(v128.store(c, sums[i]![j]!, j * 16));
      };
      f.if(
        i32.eq(lastLanes, i32.const(lanes)),
        () => {
          for (let i = 0; i < rows; i++) {
            storeFull(i, vectors);
            if (i + 1 < rows) f.set(c, i32.add(c, cRow));
          }
        },
        () => {
          for (let i = 0; i < rows; i++) {
            storeFull(i, vectors - 1);
            const last = sums[i]![vectors - 1]!;
            const offset = (vectors - 1) * 16;
            if (lanes === 2) {
              f.do(v128.store64Lane(c, last, 0, offset));
            } else {
              f.do(v128.store32Lane(c, last, 0, offset));
              for (let lane = 1; lane < 3; lane++) {
                f.if(i32.gtSigned(lastLanes, i32.const(lane)), () => {
                  f.do(v128.store32Lane(c, last, lane, offset + 4 * lane));
                });
              }
            }
            if (i + 1 < rows) f.set(c, i32.add(c, cRow));
          }
        },
      );
    }),
  );
}
