/**
 * C = A·B (or C += A·B): C is cut into tiles that fit the registers, B into packed panels as wide as a tile, and the
 * sum over k into blocks for which the packed panels stay in the caches (Goto and van
 * de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008).
 */

import {
  type FunctionBuilder,
  type FunctionHandle,
  i32,
  type Local,
  type ModuleBuilder,
  type Operand,
  select,
} from "../assembler/index.js";
import { forRange } from "../loops.js";
import { elementType, type ProductType, tileShape } from "./element.js";
import { packFunction } from "./pack.js";
import { type TileOptions, tileFunction } from "./tile.js";

export interface ProductOptions {
  readonly dtype: ProductType;
  /** Relaxed multiply-add: only where the engine has it. */
  readonly fused: boolean;
}

/**
 * Columns, steps and rows of a block at most: whole tiles of either shape. Few rows at a time were measured fastest, for
 * their packed panels stay in the first cache while the panels of B stream through it.
 */
const blockColumns = 264;
const blockSteps = 512;
const blockRows = 24;

/** From how many columns on A is packed, though its rows are contiguous. */
const packFromColumns = 96;

/** What a vector may read beyond the end of an operand, in bytes. */
export const productSlack = 64;

/** Bytes that a product of any size needs to pack its operands into. */
export function productWorkspace(dtype: ProductType): number {
  // Panels of A may be a vector wider than the tile is high.
  return elementType(dtype).bytes * blockSteps * (blockColumns + 12 + 2 * blockRows);
}

/**
 * The function (a, aRow, aColumn, b, bRow, bColumn, c, cRow, m, k, n, workspace, accumulate): addresses in
 * bytes, strides in elements, all i32. C[i, j] is at c + i·cRow + j. A and B may not overlap C. The memory must go on
 * for `productSlack` bytes after each.
 */
export function productFunction(module: ModuleBuilder, options: ProductOptions): FunctionHandle {
  const { dtype, fused } = options;
  const name = `product.${dtype}${fused ? ".fused" : ""}`;
  const parameters = Array.from({ length: 13 }, () => "i32" as const);
  return module.routine(name, () =>
    module.function({ name, parameters, results: [] }, (f, ...values): undefined =>
      emitProduct(module, f, options, values),
    ),
  );
}

function emitProduct(module: ModuleBuilder, f: FunctionBuilder, options: ProductOptions, values: Local[]): undefined {
  const { fused } = options;
  const element = elementType(options.dtype);
  const { lanes, bytes } = element;
  const shape = tileShape(fused);
  const width = shape.vectors * lanes;
  const leftVectors = Math.ceil(shape.rows / lanes);
  const leftStep = leftVectors * lanes * bytes;
  const packRight = packFunction(module, element, shape.vectors);
  const packLeft = packFunction(module, element, leftVectors);
  const [a, aRow, aColumn, b, bRow, bColumn, c, cRow, m, k, n, workspace, accumulate] = values as Repeat13<Local>;
  const { add, sub, mul, and } = i32;
  const inBytes = (elements: Operand): Operand => mul(elements, bytes);
  const min = (x: Operand, y: Operand): Operand => select(i32.ltSigned(x, y), x, y);

  for (const stride of [aRow, aColumn, bRow, bColumn, cRow]) f.set(stride, inBytes(stride));
  const workspaceLeft = f.let(add(workspace, bytes * blockSteps * (blockColumns + 12)));
  const blocks = i32.divUnsigned(add(k, blockSteps - 1), blockSteps);
  const blockCount = f.let(select(k, blocks, 1));
  const stepsPerBlock = f.let(i32.divUnsigned(add(k, sub(blockCount, 1)), blockCount));
  // Few rows use a panel too seldom to pay for packing it. A row that repeats (stride 0) has to be: tiles end their
  // loop over steps by the pointer that the step moves.
  const fewRows = and(i32.leSigned(m, 2 * shape.rows), i32.ne(bRow, 0));
  const rightDirect = f.let(and(fewRows, i32.eq(bColumn, bytes)));
  // Packed rows share a pointer, which pays where each is used by many panels; far apart columns cost cache lines.
  const columnsToPack = select(i32.eq(aColumn, bytes), packFromColumns, width + 1);
  const leftPacked = f.let(i32.geSigned(n, columnsToPack));

  const isDirect = (columns: Operand): Operand => and(rightDirect, i32.eqz(and(columns, lanes - 1)));

  forRange(f, 0, n, blockColumns, (column) => {
    const columns = f.let(min(sub(n, column), blockColumns));
    const step = f.let(0);
    f.loop((nextSteps) => {
      const steps = f.let(min(sub(k, step), stepsPerBlock));
      const adds = f.let(select(i32.eqz(step), accumulate, 1));
      const rightBase = f.let(add(b, add(mul(step, bRow), mul(column, bColumn))));

      forRange(f, 0, columns, width, (j) => {
        const valid = f.let(min(sub(columns, j), width));
        f.if(i32.eqz(isDirect(valid)), () => {
          const destination = f.let(add(workspace, inBytes(mul(j, steps))));
          const source = add(rightBase, mul(j, bColumn));
          f.callInto([], packRight, destination, source, bRow, bColumn, steps, valid);
        });
      });

      forRange(f, 0, m, blockRows, (row) => {
        const rows = f.let(min(sub(m, row), blockRows));
        const wholeTiles = f.let(i32.divUnsigned(rows, shape.rows));
        const wholeRows = f.let(mul(wholeTiles, shape.rows));
        const leftBase = f.let(add(a, add(mul(row, aRow), mul(step, aColumn))));
        const leftAdvance = f.let(mul(aRow, shape.rows));
        const leftRow = f.let(aRow);
        const leftColumn = f.let(aColumn);
        f.if(leftPacked, () => {
          const source = f.let(leftBase);
          const destination = f.let(workspaceLeft);
          const panelBytes = f.let(mul(steps, leftStep));
          forRange(f, 0, rows, shape.rows, (i) => {
            const valid = min(sub(rows, i), shape.rows);
            f.callInto([], packLeft, destination, source, aColumn, aRow, steps, valid);
            f.set(source, add(source, leftAdvance));
            f.set(destination, add(destination, panelBytes));
          });
          f.set(leftBase, workspaceLeft);
          f.set(leftAdvance, panelBytes);
          f.set(leftRow, bytes);
          f.set(leftColumn, leftStep);
        });

        forRange(f, 0, columns, width, (j) => {
          const valid = f.let(min(sub(columns, j), width));
          const vectors = f.let(i32.divUnsigned(add(valid, lanes - 1), lanes));
          const lastLanes = f.let(sub(valid, mul(sub(vectors, 1), lanes)));
          const direct = f.let(isDirect(valid));
          const right = f.let(select(direct, add(rightBase, inBytes(j)), add(workspace, inBytes(mul(j, steps)))));
          const rightStep = f.let(select(direct, bRow, width * bytes));
          const at = f.let(add(column, j));
          const left = f.let(leftBase);
          const target = f.let(add(c, add(mul(row, cRow), inBytes(at))));
          const operands = [
            left,
            leftRow,
            leftColumn,
            leftAdvance,
            right,
            rightStep,
            target,
            cRow,
            steps,
            lastLanes,
            adds,
          ];
          const call = (tiles: TileOptions, count: Operand) =>
            f.callInto([], tileFunction(module, tiles), ...operands, count);
          for (let count = 1; count <= shape.vectors; count++) {
            f.if(i32.eq(vectors, count), () => {
              const tiles = { element, fused, rows: shape.rows, vectors: count };
              f.if(
                leftPacked,
                () => call({ ...tiles, packedStep: leftStep }, wholeTiles),
                () => call(tiles, wholeTiles),
              );
              f.set(left, add(left, mul(wholeTiles, leftAdvance)));
              f.set(target, add(target, mul(cRow, wholeRows)));
              for (let rest = 1; rest < shape.rows; rest++) {
                f.if(i32.eq(sub(rows, wholeRows), rest), () => call({ ...tiles, rows: rest }, 1));
              }
            });
          }
        });
      });
      f.set(step, add(step, steps));
      f.branchIf(nextSteps, i32.ltSigned(step, k));
    });
  });
  return undefined;
}

type Repeat13<T> = [T, T, T, T, T, T, T, T, T, T, T, T, T];
