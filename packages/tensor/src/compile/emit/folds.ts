import type { DType } from "../../dtype.js";
import { scalarType } from "../../scalar/evaluate.js";
import { i32x4, shuffle32, shuffle64, v128 } from "../../wasm/assembler/index.js";
import type { Site } from "../../wasm/math/shape.js";
import type { Statement } from "../kernel.js";
import { emitInstruction, type RoutinePolicy } from "./instructions.js";
import { asFloat, asInteger, type Lanes, type Vector } from "./lanes.js";

export type Fold = Statement & { readonly kind: "fold" };

/** Totals of what is folded, in vectors. */
export class FoldEmitter {
  constructor(
    private readonly site: Site,
    private readonly lanes: Lanes,
    private readonly policy: RoutinePolicy,
  ) {}

  identity(fold: Fold): Vector {
    const type = scalarType(fold.dtype);
    const whole = Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, fold.identity));
    const value = type === "float" ? this.lanes.float.const(fold.identity) : i32x4.const(whole);
    const local = this.site.f.local("v128");
    this.site.f.set(local, value);
    return { type, local };
  }

  accumulate(total: Vector, fold: Fold, value: Vector): void {
    const made = emitInstruction(
      this.site,
      this.lanes,
      fold.combine,
      [total, this.#typed(fold.dtype, value)],
      this.policy,
    );
    this.site.f.set(total.local, made.local);
  }

  #typed(dtype: DType, value: Vector): Vector {
    return scalarType(dtype) === "float"
      ? asFloat(this.site, this.lanes, value)
      : asInteger(this.site, this.lanes, value);
  }

  /** The identity in lanes that hold no element. */
  masked(fold: Fold, value: Vector, valid: number): Vector {
    if (valid === this.lanes.count) return value;
    const typed = this.#typed(fold.dtype, value);
    const lanes = typed.type === "integer" ? 4 : this.lanes.count;
    const bits = Array.from({ length: 4 }, (_, k) => (Math.floor((k * lanes) / 4) < valid ? -1 : 0)) as [
      number,
      number,
      number,
      number,
    ];
    const keep = this.site.f.let(i32x4.const(...bits));
    const neutral = this.identity(fold);
    return { type: typed.type, local: this.site.f.let(v128.bitselect(typed.local, neutral.local, keep)) };
  }

  /** The lanes of a total folded into one, in every lane. */
  across(fold: Fold, total: Vector): Vector {
    const { count } = this.lanes;
    const halves =
      total.type === "float" && count === 2
        ? [shuffle64(total.local, total.local, [1, 0])]
        : count === 2
          ? [shuffle32(total.local, total.local, [1, 0, 1, 0])]
          : [shuffle32(total.local, total.local, [2, 3, 0, 1]), shuffle32(total.local, total.local, [1, 0, 3, 2])];
    for (const half of halves) this.accumulate(total, fold, { type: total.type, local: this.site.f.let(half) });
    return total;
  }
}
