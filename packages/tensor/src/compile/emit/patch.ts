import { bytesPerElement } from "../../dtype.js";
import { sizeOf } from "../../layout.js";
import { type FunctionBuilder, i32, type Local, type Operand, v128 } from "../../wasm/assembler/index.js";
import { forRange } from "../../wasm/loops.js";
import { elementType } from "../../wasm/product/element.js";
import type { PatchCopy, ProductKernel } from "../kernel.js";
import { move } from "./product.js";

/** Copies row after row of the last axis, by vectors where neighbours stand side by side. */
export function copyPatch(
  f: FunctionBuilder,
  { shape, stride }: PatchCopy,
  dtype: "float32" | "float64",
  source: Operand,
  destination: Operand,
): void {
  const bytes = bytesPerElement[dtype];
  const last = shape.length - 1;
  f.scope(() => {
    const write = f.let(destination);
    const nest = (axis: number, from: Operand): void => {
      if (axis === last) {
        copyRow(f, shape[last], stride[last] * bytes, bytes, f.let(from), write);
        f.set(write, i32.add(write, shape[last] * bytes));
        return;
      }
      forRange(f, 0, shape[axis], 1, (counter) => {
        f.scope(() => nest(axis + 1, f.let(move(from, counter, stride[axis] * bytes))));
      });
    };
    nest(0, source);
  });
}

/** Rows up to so many vectors are written out without a loop. */
const unrolled = 8;

function copyRow(f: FunctionBuilder, count: number, step: number, bytes: number, from: Local, to: Local): void {
  const { loadFirst, storeLane } = elementType(bytes === 4 ? "float32" : "float64");
  const lanes = 16 / bytes;
  if (step !== bytes) {
    const read = f.let(from);
    const write = f.let(to);
    forRange(f, 0, count, 1, () => {
      f.do(storeLane(write, loadFirst(read), 0));
      f.set(read, i32.add(read, step));
      f.set(write, i32.add(write, bytes));
    });
    return;
  }
  const vectors = Math.floor(count / lanes);
  if (vectors > unrolled)
    forRange(f, 0, vectors * 16, 16, (i) => {
      f.do(v128.store(i32.add(to, i), v128.load(i32.add(from, i))));
    });
  else for (let k = 0; k < vectors; k++) f.do(v128.store(to, v128.load(from, k * 16), k * 16));
  for (let k = vectors * lanes; k < count; k++) f.do(storeLane(to, loadFirst(from, k * bytes), 0, k * bytes));
}

/** Elements of the largest patch that the kernels copy. */
export const patchBytes = (kernels: readonly ProductKernel[]): number =>
  Math.max(0, ...kernels.map(({ patch, dtype }) => (patch ? sizeOf(patch.shape) * bytesPerElement[dtype] : 0)));
