import type { Axis } from "../../compile/emit/axes.js";
import type { Layout } from "../../layout.js";
import type { KeptIndex } from "./positions.js";

export interface Indices {
  readonly lines: readonly string[];
  readonly kept: readonly KeptIndex[];
  /** When the cell is one of the nest's. */
  readonly inside: string;
}

/** The kept axes, from the one that moves furthest in the buffer to the one that moves least. */
export const byReach = (kept: readonly Axis[], number: number): readonly Axis[] =>
  [...kept].sort((p, q) => Math.abs(q.strides[number]) - Math.abs(p.strides[number]));

/**
 * The indices of the kept axes from `cell`, a position in the buffer that is stored to; that one is array `number`.
 * `part`: some cells of the buffer are not of the nest.
 */
export function indicesOf(kept: readonly Axis[], number: number, layout: Layout, part: boolean): Indices {
  const axes = byReach(kept, number);
  const lines: string[] = [];
  const found: KeptIndex[] = [];
  const conditions: string[] = [];
  const backwards = axes.reduce((total, { size, strides }) => total + Math.min(0, strides[number]) * (size - 1), 0);
  let rest = "cell";
  const first = layout.offset + backwards;
  if (first !== 0) {
    lines.push(`let rest = cell - ${first};`);
    conditions.push("rest > -0.5");
    rest = "rest";
  }
  axes.forEach((axis, k) => {
    const stride = Math.abs(axis.strides[number]);
    const index = `i${k}`;
    lines.push(`let ${index} = ${stride === 1 ? rest : `quotient(${rest}, ${stride})`};`);
    if (part) {
      conditions.push(`${index} < ${axis.size - 0.5}`);
      // Cells outside of the nest compute something all the same: of elements that are there.
      lines.push(`let c${k} = Math.min(Math.max(${index}, 0), ${axis.size - 1});`);
    }
    const clamped = part ? `c${k}` : index;
    if (axis.strides[number] < 0) lines.push(`let n${k} = ${axis.size - 1} - ${clamped};`);
    found.push({ axis, index: axis.strides[number] < 0 ? `n${k}` : clamped });
    if (stride !== 1) {
      lines.push(`let r${k} = ${rest} - ${index} * ${stride};`);
      rest = `r${k}`;
    } else rest = "0";
  });
  if (rest !== "0") conditions.push(`${rest} < 0.5`);
  return { lines, kept: found, inside: conditions.join(" && ") };
}
