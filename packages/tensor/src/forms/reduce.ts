import { mergeAxes } from "../copy.js";
import { allocate, type DType, type TypedArray } from "../dtype.js";
import { forEachPosition, type Layout, sizeOf } from "../layout.js";
import type { Derivative, Primitive, Sample } from "../primitive.js";
import type { Instruction } from "../scalar/scalar.js";
import { fromData } from "../tensor.js";

/** The axes that are folded away: ascending, not negative. */
export interface ReduceParams {
  readonly axes: readonly number[];
}

/** Folds `count` entries of `data`, from `start` by `step`, tightly. Starts at the fold's identity, or its first entry. */
export type Fold = (data: TypedArray, start: number, step: number, count: number) => number;

export interface ReduceDeclaration {
  readonly identity: number;
  /** Whether axes without entries are an error rather than the identity. */
  readonly nonEmpty?: true;
  readonly combine: Instruction;
  /** The same as `combine` over a run of entries. */
  readonly fold: Fold;
  readonly derivative: Derivative<ReduceParams>;
  readonly dtype: (input: DType) => DType;
  readonly samples?: readonly Sample<ReduceParams>[];
}

const samples: readonly Sample<ReduceParams>[] = [
  { shapes: [[3, 4]], params: { axes: [1] }, domains: [{ kind: "distinct" }] },
  { shapes: [[3, 4]], params: { axes: [0] }, domains: [{ kind: "distinct" }] },
  { shapes: [[2, 3, 2]], params: { axes: [0, 2] }, domains: [{ kind: "distinct" }] },
];

/** A primitive that folds axes away with an associative operation. */
export function reducePrimitive(name: string, declaration: ReduceDeclaration): Primitive<ReduceParams> {
  const { identity, nonEmpty, combine, fold, derivative, dtype } = declaration;
  return {
    name,
    form: { kind: "reduce", identity, combine, axes: (params) => params.axes },
    derivative,
    samples: declaration.samples ?? samples,
    infer([x], { axes }) {
      if (nonEmpty && axes.some((axis) => x.shape[axis] === 0))
        throw new RangeError(
          `${name}: axis ${axes.find((axis) => x.shape[axis] === 0)} of shape [${x.shape.join(", ")}] is empty, and ${name} of nothing is undefined`,
        );
      return { shape: x.shape.filter((_, axis) => !axes.includes(axis)), dtype: dtype(x.dtype) };
    },
    evaluate([x], output, { axes }) {
      const out = allocate(output.dtype, sizeOf(output.shape));
      reduceInto(out, x.data, split(x, axes), fold, combine, identity);
      return fromData(out, output.dtype, output.shape);
    },
  };
}

interface Split {
  readonly kept: Layout;
  readonly folded: Layout;
}

function split({ shape, stride, offset }: Layout, axes: readonly number[]): Split {
  const pick = (keep: boolean): Layout => ({
    shape: shape.filter((_, axis) => axes.includes(axis) !== keep),
    stride: stride.filter((_, axis) => axes.includes(axis) !== keep),
    offset: keep ? offset : 0,
  });
  return { kept: pick(true), folded: mergeAxes(pick(false)) };
}

function reduceInto(
  out: TypedArray,
  data: TypedArray,
  { kept, folded }: Split,
  fold: Fold,
  combine: Instruction,
  identity: number,
): void {
  const rank = folded.shape.length;
  const inner = rank === 0 ? 1 : folded.shape[rank - 1];
  const step = rank === 0 ? 1 : folded.stride[rank - 1];
  const outer = { shape: folded.shape.slice(0, -1), stride: folded.stride.slice(0, -1), offset: 0 };
  if (sizeOf(folded.shape) === 0) {
    out.fill(identity);
    return;
  }
  const one = new Float64Array(1);
  const other = new Float64Array(1);
  forEachPosition(kept, (base, n) => {
    if (outer.shape.length === 0) {
      out[n] = fold(data, base, step, inner);
      return;
    }
    forEachPosition(outer, (position, k) => {
      const part = fold(data, base + position, step, inner);
      if (k === 0) one[0] = part;
      else {
        other[0] = part;
        combine.loop(one, 1, one, other, other);
      }
    });
    out[n] = one[0];
  });
}
