import { scalarType } from "../../scalar/evaluate.js";
import type { Step } from "../../scalar/linearize.js";
import { type Expression, i32x4, type Local, shuffle32, v128 } from "../../wasm/assembler/index.js";
import type { Statement } from "../kernel.js";
import { emitInstruction, extremeOf, isBrief, type RoutinePolicy } from "./instructions.js";
import { asFloat, asInteger, type Lanes, real, type Vector } from "./lanes.js";

export type Fold = Statement & { readonly kind: "fold" };

/** With more arrays than this, two vectors at a time: registers are few. */
const fewArrays = 8;

/**
 * Vectors that are worked on side by side, so that one operation need not wait for the one before: of extremes, which
 * take three registers each, fewer; of routines, whose operations all wait for each other, more.
 */
export function sideBySide(statements: readonly Statement[], steps: readonly Step[], arrays = 0): number {
  if (arrays > fewArrays) return 2;
  if (statements.some((statement) => statement.kind === "fold" && extremeOf(statement.combine))) return 3;
  return steps.some((step) => step.kind === "operation" && !isBrief(step.instruction)) ? 6 : 4;
}

/** What has been folded so far, in one vector or in several that are put together at the end. */
export interface Total {
  readonly fold: Fold;
  readonly type: Vector["type"];
  readonly parts: readonly Local[];
}

/** Totals of what is folded, in vectors. */
export function foldsOf(lanes: Lanes, policy: RoutinePolicy) {
  const { f, float, count } = lanes;

  const identityOf = ({ dtype, identity }: Fold): Expression =>
    scalarType(dtype) === "float"
      ? float.const(identity)
      : i32x4.const(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, identity)));

  const merge = ({ fold, type, parts }: Total, others: readonly Local[]): void => {
    const [best, signs, invalid] = parts;
    const extreme = extremeOf(fold.combine);
    if (invalid && extreme) {
      f.set(best, extreme.better(lanes, best, others[0]));
      f.set(signs, extreme.signs(signs, others[1]));
      f.set(invalid, v128.or(invalid, others[2]));
      return;
    }
    const operands = [best, others[0]].map((local): Vector => ({ type, local }));
    f.set(best, emitInstruction(lanes, fold.combine, operands, policy).local);
  };

  /** The identity in lanes that hold no element. */
  const masked = (fold: Fold, value: Vector, valid: number): Local => {
    const isFloat = scalarType(fold.dtype) === "float";
    const { local } = isFloat ? asFloat(lanes, value) : asInteger(lanes, value);
    if (valid === count) return local;
    const width = isFloat ? count : 4;
    const bits = Array.from({ length: 4 }, (_, k) => (Math.floor((k * width) / 4) < valid ? -1 : 0));
    return f.let(v128.bitselect(local, identityOf(fold), i32x4.const(...bits)));
  };

  return {
    /** The total of nothing. */
    start(fold: Fold): Total {
      const type = scalarType(fold.dtype);
      const identity = identityOf(fold);
      const values = type === "float" && extremeOf(fold.combine) ? [identity, identity, i32x4.const(0)] : [identity];
      return { fold, type, parts: values.map((value) => f.let(value)) };
    },

    /** Folds a vector in, of which the first `valid` lanes hold an element. */
    accumulate(total: Total, value: Vector, valid: number): void {
      const local = masked(total.fold, value, valid);
      merge(total, total.parts.length === 1 ? [local] : [local, local, f.let(float.ne(local, local))]);
    },

    /** Folds another total of the same fold in. */
    add: (total: Total, other: Total): void => merge(total, other.parts),

    /** The number that a total stands for. */
    value({ type, parts }: Total): Vector {
      const [best, signs, invalid] = parts;
      if (!invalid) return { type, local: best };
      const zero = v128.bitselect(v128.and(signs, float.const(-0)), best, float.eq(best, float.const(0)));
      return real(lanes, v128.or(zero, invalid));
    },

    /** The lanes of a total folded into one, in every lane. */
    across(total: Total): Total {
      // Lanes of 64 bits are halves; of 32 bits there are two, in the lower half, or four.
      const swapped = [1, 0, 3, 2] as const;
      const halves = [2, 3, 0, 1] as const;
      const turns = count === 4 ? [halves, swapped] : total.type === "float" ? [halves] : [swapped];
      for (const turn of turns)
        merge(
          total,
          total.parts.map((x) => f.let(shuffle32(x, x, turn))),
        );
      return total;
    },
  };
}
