import { copyRun, mergeAxes } from "../copy.js";
import type { DType, TypedArray } from "../dtype.js";
import { forEachPosition, type Layout, positionsOf, sizeOf } from "../layout.js";
import { uninitialized } from "../memory.js";
import type { Derivative, Primitive, Sample } from "../primitive.js";
import type { Instruction } from "../scalar/scalar.js";
import { fromData } from "../tensor.js";

/** The axes that are folded away: ascending, not negative. */
export interface ReduceParams {
  readonly axes: readonly number[];
}

/** Folds the first `count` ≥ 1 entries of a block, tightly. */
export type Fold = (block: Float64Array, count: number) => number;

export interface ReduceDeclaration {
  readonly identity: number;
  /** Whether axes without entries are an error rather than the identity. */
  readonly nonEmpty?: true;
  readonly combine: Instruction;
  /** The same as `combine` over a run of entries. */
  readonly fold: Fold;
  /** Folds a long run of float32 where it lies, in float64; undefined where it cannot. */
  readonly foldFloat32?: (data: Float32Array, start: number, count: number) => number | undefined;
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
  const { identity, nonEmpty, derivative, dtype, combine } = declaration;
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
      const out = uninitialized(output.dtype, sizeOf(output.shape));
      reduceInto(out, x.data, split(x, axes), declaration);
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

const blockSize = 1024;

/** From this many elements on, a run is long: it pays to hand it over whole. */
const longRun = 4096;

/** Made when first needed. Folds see entries of any type and step only here, and so are compiled for one kind of array. */
let block: Float64Array | undefined;

function reduceInto(
  out: TypedArray,
  data: TypedArray,
  { kept, folded }: Split,
  { fold, foldFloat32, combine, identity }: ReduceDeclaration,
): void {
  const { shape, stride } = folded;
  if (sizeOf(shape) === 0) {
    out.fill(identity);
    return;
  }
  const last = shape.length - 1;
  const [inner, step] = last < 0 ? [1, 1] : [shape[last], stride[last]];
  const outer =
    last <= 0 ? undefined : positionsOf({ shape: shape.slice(0, last), stride: stride.slice(0, last), offset: 0 });
  block ??= new Float64Array(blockSize);
  const scratch = block;
  const total = new Float64Array(1);
  const part = new Float64Array(1);
  const take = (value: number, first: boolean): void => {
    part[0] = value;
    if (first) total[0] = value;
    else combine.loop(total, 1, total, part, part);
  };
  const whole = step === 1 && inner >= longRun && data instanceof Float32Array ? data : undefined;
  const foldRun = (start: number, first: boolean): void => {
    const value = whole && foldFloat32?.(whole, start, inner);
    if (value !== undefined) {
      take(value, first);
      return;
    }
    for (let done = 0; done < inner; done += blockSize) {
      const count = Math.min(blockSize, inner - done);
      copyRun(scratch, 0, data, start + done * step, count, step);
      take(fold(scratch, count), first && done === 0);
    }
  };
  forEachPosition(kept, (base, n) => {
    if (!outer) foldRun(base, true);
    else for (let k = 0; k < outer.length; k++) foldRun(base + outer[k], k === 0);
    out[n] = total[0];
  });
}
