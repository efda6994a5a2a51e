import type { DType } from "../../dtype.js";
import { scalarType } from "../../scalar/evaluate.js";
import { type Expression, i32x4, type Local, shuffle32, shuffle64, v128 } from "../../wasm/assembler/index.js";
import type { Site } from "../../wasm/math/shape.js";
import type { Statement } from "../kernel.js";
import { emitInstruction, extremeOf, type RoutinePolicy } from "./instructions.js";
import { asFloat, asInteger, type Lanes, type Vector } from "./lanes.js";

export type Fold = Statement & { readonly kind: "fold" };

/** With more arrays than this, two vectors at a time: registers are few. */
const fewArrays = 8;

/**
 * Vectors that are worked on side by side, so that one operation need not wait for the one before: of extremes, which
 * take three registers each, fewer.
 */
export function sideBySide(statements: readonly Statement[], arrays = 0): number {
  if (arrays > fewArrays) return 2;
  return statements.some((statement) => statement.kind === "fold" && extremeOf(statement.combine)) ? 3 : 4;
}

/** What has been folded so far, in one vector or in several that are put together at the end. */
export interface Total {
  readonly fold: Fold;
  readonly type: Vector["type"];
  readonly parts: readonly Local[];
}

/** Totals of what is folded, in vectors. */
export class FoldEmitter {
  constructor(
    private readonly site: Site,
    private readonly lanes: Lanes,
    private readonly policy: RoutinePolicy,
  ) {}

  /** The total of nothing. */
  start(fold: Fold): Total {
    const type = scalarType(fold.dtype);
    const identity = this.#identity(fold);
    const values = type === "float" && extremeOf(fold.combine) ? [identity, identity, i32x4.const(0)] : [identity];
    const parts = values.map((value) => {
      const local = this.site.f.local("v128");
      this.site.f.set(local, value);
      return local;
    });
    return { fold, type, parts };
  }

  #identity({ dtype, identity }: Fold): Expression {
    if (scalarType(dtype) === "float") return this.lanes.float.const(identity);
    return i32x4.const(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, identity)));
  }

  /** Folds a vector in, of which the first `valid` lanes hold an element. */
  accumulate(total: Total, value: Vector, valid: number): void {
    const { f } = this.site;
    const { local } = this.#masked(total.fold, value, valid);
    if (total.parts.length === 1) this.#merge(total, [local]);
    else this.#merge(total, [local, local, f.let(this.lanes.float.ne(local, local))]);
  }

  /** Folds another total of the same fold in. */
  add(total: Total, other: Total): void {
    this.#merge(total, other.parts);
  }

  #merge({ fold, type, parts }: Total, others: readonly Local[]): void {
    const { f } = this.site;
    const [best, signs, invalid] = parts;
    const extreme = extremeOf(fold.combine);
    if (invalid && extreme) {
      f.set(best, extreme.better(this.lanes, best, others[0]));
      f.set(signs, extreme.signs(signs, others[1]));
      f.set(invalid, v128.or(invalid, others[2]));
      return;
    }
    const operands = [best, others[0]].map((local): Vector => ({ type, local }));
    f.set(best, emitInstruction(this.site, this.lanes, fold.combine, operands, this.policy).local);
  }

  /** The number that a total stands for. */
  value({ type, parts }: Total): Vector {
    const { f } = this.site;
    const { float } = this.lanes;
    const [best, signs, invalid] = parts;
    if (!invalid) return { type, local: best };
    const zero = v128.bitselect(v128.and(signs, float.const(-0)), best, float.eq(best, float.const(0)));
    return { type, local: f.let(v128.or(zero, invalid)) };
  }

  #typed(dtype: DType, value: Vector): Vector {
    return scalarType(dtype) === "float"
      ? asFloat(this.site, this.lanes, value)
      : asInteger(this.site, this.lanes, value);
  }

  /** The identity in lanes that hold no element. */
  #masked(fold: Fold, value: Vector, valid: number): Vector {
    const typed = this.#typed(fold.dtype, value);
    if (valid === this.lanes.count) return typed;
    const lanes = typed.type === "integer" ? 4 : this.lanes.count;
    const bits = Array.from({ length: 4 }, (_, k) => (Math.floor((k * lanes) / 4) < valid ? -1 : 0)) as [
      number,
      number,
      number,
      number,
    ];
    const keep = i32x4.const(...bits);
    return { type: typed.type, local: this.site.f.let(v128.bitselect(typed.local, this.#identity(fold), keep)) };
  }

  /** The lanes of a total folded into one, in every lane. */
  across(total: Total): Total {
    const { f } = this.site;
    const { count } = this.lanes;
    const halves: ((x: Local) => Expression)[] =
      total.type === "float" && count === 2
        ? [(x) => shuffle64(x, x, [1, 0])]
        : count === 2
          ? [(x) => shuffle32(x, x, [1, 0, 1, 0])]
          : [(x) => shuffle32(x, x, [2, 3, 0, 1]), (x) => shuffle32(x, x, [1, 0, 3, 2])];
    for (const half of halves)
      this.#merge(
        total,
        total.parts.map((x) => f.let(half(x))),
      );
    return total;
  }
}
