import { abs, add, div, minimum, mul, type Structure, square, sub, type Tensor, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { meanAbsoluteError, meanSquaredError, rSquared } from "../evaluate/regression-measures.js";
import { describeLayer, type Json, show } from "../layers/layer.js";
import type { TaskKind } from "./kind.js";
import { maskMissing, requireSome, weightedMean } from "./labels.js";

export interface RegressionOptions {
  /** `squared` unless given. */
  readonly loss?: "squared" | "absolute" | "huber";
  /** Where Huber's loss turns from squared to linear, in standard deviations of the labels; 1 unless given. */
  readonly delta?: number;
  /** Divide labels by their standard deviation and subtract their mean for training; `true` unless given. */
  readonly standardise?: boolean;
}

type Scale = { readonly mean: Tensor; readonly scale: Tensor };

/** Numbers to be predicted, [rows] or [rows, outputs]; each entry may be missing. The loss is in standardised units. */
export function regression(options: RegressionOptions = {}): TaskKind {
  const { loss = "squared", delta = 1, standardise = true } = options;
  if (!["squared", "absolute", "huber"].includes(loss))
    throw new InputError(`regression: no loss is named "${loss}"; there are squared, absolute, huber`);
  if (!(delta > 0)) throw new InputError(`regression: delta must be positive, not ${delta}`);
  return {
    kind: "regression",
    description: describeKind("regression", options),
    unlabelled: false,
    main: { measure: "r2", better: "higher" },
    relative: { measure: "mse", better: "lower" },
    checkOutput(task, output) {
      if (output.length !== 1)
        throw new InputError(`task "${task}": a regression's head must give [outputs], found shape ${show(output)}`);
    },
    initialise: () => ({}),
    fit(task, labels) {
      const outputs = columnsOf(task, labels);
      requireSome(task, labels);
      const values = labels.toTypedArray();
      const [mean, scale] = [new Float64Array(outputs), new Float64Array(outputs).fill(1)];
      for (let column = 0; standardise && column < outputs; column++) {
        const known: number[] = [];
        for (let k = column; k < values.length; k += outputs) if (!Number.isNaN(values[k])) known.push(values[k]!);
        if (known.some((value) => !Number.isFinite(value)))
          throw new InputError(`task "${task}": a label is infinite; correct it, or make it NaN where it is missing`);
        mean[column] = known.reduce((a, b) => a + b, 0) / Math.max(known.length, 1);
        const spread = known.reduce((total, v) => total + (v - mean[column]!) ** 2, 0) / Math.max(known.length, 1);
        // Labels that are all alike need no scale.
        scale[column] = spread > 0 ? Math.sqrt(spread) : 1;
      }
      return { mean: tensor(mean), scale: tensor(scale) };
    },
    encode(task, labels, output, scaling, dtype) {
      const outputs = columnsOf(task, labels);
      if (outputs !== output[0])
        throw new InputError(`task "${task}" has ${outputs} labels a row and its head gives ${output[0]}`);
      const { mean, scale } = scaling as Scale;
      const rows = labels.shape[0]!;
      const [means, scales] = [mean.toTypedArray(), scale.toTypedArray()];
      const scaled = Float64Array.from(labels.toTypedArray());
      for (let k = 0; k < scaled.length; k++) scaled[k] = (scaled[k]! - means[k % outputs]!) / scales[k % outputs]!;
      return maskMissing(tensor(scaled), [rows, outputs], 0, dtype);
    },
    loss: ({ output, target, mask }) => weightedMean(lossOf[loss](sub(output, target), delta), mask),
    predict(output, _, scaling) {
      const { mean, scale } = scaling as Scale;
      return add(mul(output, tensor(scale, { dtype: output.dtype })), tensor(mean, { dtype: output.dtype }));
    },
    measure(predicted, labels) {
      const [p, y] = [predicted.toTypedArray(), labels.toTypedArray()];
      return { r2: rSquared(p, y), mse: meanSquaredError(p, y), mae: meanAbsoluteError(p, y) };
    },
  };
}

const lossOf = {
  squared: (residual: Tensor) => square(residual),
  absolute: (residual: Tensor) => abs(residual),
  // r²/2 up to δ, then δ(|r| − δ/2) (Huber, 1964): with c = min(|r|, δ) it is c(|r| − c/2).
  huber(residual: Tensor, delta: number) {
    const size = abs(residual);
    const near = minimum(size, delta);
    return mul(near, sub(size, div(near, 2)));
  },
} as const;

function columnsOf(task: string, labels: Tensor): number {
  if (labels.dimension !== 1 && labels.dimension !== 2)
    throw new InputError(`task "${task}": labels must be [rows] or [rows, outputs], found shape ${show(labels.shape)}`);
  return labels.shape[1] ?? 1;
}

export function describeKind(kind: string, options: object): Json {
  const { layer: _, ...rest } = describeLayer(kind, options);
  return { kind, ...rest };
}

export const noScaling: Structure = {};
