import { forEachLeaf, isFloating, leaves, type Tensor, tensor } from "@kinship/tensor";
import { refill } from "../reverse.js";
import type { directions } from "./random.js";

/** A function of structures seen as one of flat lists of real tensors; integers stand still. */
export interface Problem {
  readonly at: readonly Tensor[];
  readonly run: (xs: readonly Tensor[]) => Tensor[];
  /** For reports. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export const float64 = (x: Tensor): Tensor => tensor(Float64Array.from(x.toTypedArray()), { shape: x.shape });
export const valuesOf = (x: Tensor): Float64Array => Float64Array.from(x.toTypedArray());
export const flat = (xs: readonly Tensor[]): Float64Array =>
  Float64Array.from(xs.flatMap((x) => [...x.toTypedArray()]));

/** @throws TypeError where the arguments are not a list, and where nothing real goes in or comes out. */
export function problemOf(
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  convert: (x: Tensor) => Tensor,
): Problem {
  if (!Array.isArray(args))
    throw new TypeError("checkDerivatives: expected the arguments in an array; write checkDerivatives(f, [x])");
  const all = leaves("checkDerivatives", args);
  const real = all.flatMap((x, k) => (isFloating(x.dtype) ? [k] : []));
  const paths: string[] = [];
  forEachLeaf("checkDerivatives", args, (_, path) => {
    paths.push(path.replace(/^\[(\d+)\]/, "argument $1"));
  });
  const call = (xs: readonly Tensor[]): unknown => {
    const filled = all.map((x, k) => (real.includes(k) ? xs[real.indexOf(k)] : x));
    return (f as (...args: unknown[]) => unknown)(...refill("checkDerivatives", args, filled));
  };
  const at = real.map((k) => convert(all[k]));
  const outputs: string[] = [];
  forEachLeaf("checkDerivatives", call(at), (y, path) => {
    if (isFloating(y.dtype)) outputs.push(`output${path}`);
  });
  if (at.length === 0 || outputs.length === 0)
    throw new TypeError(
      `checkDerivatives: found no ${at.length === 0 ? "argument" : "output"} of float32 or float64: nothing has a derivative`,
    );
  return {
    at,
    run: (xs) => leaves("checkDerivatives", call(xs)).filter((y) => isFloating(y.dtype)),
    inputs: real.map((k) => paths[k]),
    outputs,
  };
}

/** Random tensors like these; for inputs each as large as the one it is a step from. */
export const randomLike = (xs: readonly Tensor[], random: ReturnType<typeof directions>, scaled = false): Tensor[] =>
  xs.map((x) => {
    const size = scaled ? valuesOf(x).reduce((top, value) => Math.max(top, Math.abs(value)), 0) : 1;
    const values = Float64Array.from({ length: x.size }, () => random() * (size || 1));
    return tensor(values, { shape: x.shape, dtype: x.dtype });
  });

/** x + t·v, in memory of its own. */
export const moved = (xs: readonly Tensor[], t: number, vs: readonly Tensor[]): Tensor[] =>
  xs.map((x, k) => {
    const v = vs[k].toTypedArray();
    return tensor(
      valuesOf(x).map((value, i) => value + t * v[i]),
      { shape: x.shape },
    );
  });
