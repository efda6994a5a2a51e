import {
  type Expression,
  type FunctionHandle,
  i32,
  type Local,
  type ModuleBuilder,
  type Operand,
  select,
  shuffle32,
  shuffle64,
  v128,
} from "../assembler/index.js";
import { forRange } from "../loops.js";
import type { ElementType } from "./element.js";

/**
 * pack(destination, source, stepStride, laneStride, steps, columns): copies a panel, `steps` rows of vectors · lanes
 * elements, contiguous; what stands beyond the valid columns is never stored by a tile. Strides in bytes. Quick where either stride is one element.
 */
export function packFunction(module: ModuleBuilder, element: ElementType, vectors: number): FunctionHandle {
  const name = `pack.${element.dtype}.${vectors}`;
  const { lanes, bytes, loadFirst, storeLane } = element;
  const width = vectors * lanes;
  return module.routine(name, () =>
    module.function(
      { name, parameters: ["i32", "i32", "i32", "i32", "i32", "i32"], results: [] },
      (f, destination, source, stepStride, laneStride, steps, columns): undefined => {
        const advance = (local: Local, by: Operand) => f.set(local, i32.add(local, by));
        f.if(i32.eq(laneStride!, bytes), () => {
          forRange(f, 0, steps!, 1, () => {
            for (let j = 0; j < vectors; j++) f.do(v128.store(destination!, v128.load(source!, j * 16), j * 16));
            advance(destination!, width * bytes);
            advance(source!, stepStride!);
          });
          f.return();
        });
        f.if(i32.eq(stepStride!, bytes), () => {
          const whole = f.let(i32.and(steps!, -lanes));
          forRange(f, 0, whole, lanes, () => {
            const column = f.let(source!);
            for (let j = 0; j < vectors; j++) {
              f.scope(() => {
                const read = Array.from({ length: lanes }, (_, lane) => {
                  const vector = f.let(v128.load(column));
                  // Beyond the last valid column the last one is read again, not what may lie outside the memory.
                  const isMore = i32.gtSigned(columns!, j * lanes + lane + 1);
                  advance(column, select(isMore, laneStride!, 0));
                  return vector;
                });
                transpose(read, (value) => f.let(value)).forEach((vector, lane) => {
                  f.do(v128.store(destination!, vector, lane * width * bytes + j * 16));
                });
              });
            }
            advance(destination!, lanes * width * bytes);
            advance(source!, lanes * bytes);
          });
          f.set(steps!, i32.sub(steps!, whole));
        });
        forRange(f, 0, steps!, 1, () => {
          const read = f.let(source!);
          for (let j = 0; j < vectors; j++) f.do(v128.store(destination!, element.float.const(0), j * 16));
          const write = f.let(destination!);
          forRange(f, 0, columns!, 1, () => {
            f.do(storeLane(write, loadFirst(read), 0));
            advance(read, laneStride!);
            advance(write, bytes);
          });
          advance(destination!, width * bytes);
          advance(source!, stepStride!);
        });
      },
    ),
  );
}

/** Columns into rows, for as many vectors as a vector has lanes. */
function transpose(columns: readonly Expression[], share: (value: Expression) => Expression): Expression[] {
  if (columns.length === 2) {
    const [a, b] = columns as [Expression, Expression];
    return [shuffle64(a, b, [0, 2]), shuffle64(a, b, [1, 3])];
  }
  const [a, b, c, d] = columns as [Expression, Expression, Expression, Expression];
  const abLow = share(shuffle32(a, b, [0, 4, 1, 5]));
  const abHigh = share(shuffle32(a, b, [2, 6, 3, 7]));
  const cdLow = share(shuffle32(c, d, [0, 4, 1, 5]));
  const cdHigh = share(shuffle32(c, d, [2, 6, 3, 7]));
  return [
    shuffle64(abLow, cdLow, [0, 2]),
    shuffle64(abLow, cdLow, [1, 3]),
    shuffle64(abHigh, cdHigh, [0, 2]),
    shuffle64(abHigh, cdHigh, [1, 3]),
  ];
}
