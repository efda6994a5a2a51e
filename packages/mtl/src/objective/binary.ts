import { add, mul, sigmoid, softplus, sub } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { binaryMeasures } from "../evaluate/classification.js";
import { show } from "../layers/layer.js";
import type { TaskKind } from "./kind.js";
import { maskMissing, requireClasses, requireSome, weightedMean } from "./labels.js";
import { describeKind, noScaling } from "./regression.js";

export interface BinaryOptions {
  /** How often each positive row counts; 1 unless given. */
  readonly positiveWeight?: number;
  /** Labels 0 and 1 become ε/2 and 1 − ε/2; 0 unless given. */
  readonly labelSmoothing?: number;
}

/** Labels 0 or 1; the head gives one logit. The loss is log(1 + e^z) − t·z, the cross-entropy. */
export function binary(options: BinaryOptions = {}): TaskKind {
  const { positiveWeight = 1, labelSmoothing = 0 } = options;
  requireWeight("binary", positiveWeight);
  requireSmoothing("binary", labelSmoothing);
  return {
    kind: "binary",
    description: describeKind("binary", options),
    unlabelled: false,
    main: { measure: "accuracy", better: "higher" },
    checkOutput(task, output) {
      if (output.length !== 1 || output[0] !== 1)
        throw new InputError(`task "${task}": a binary task's head must give [1], found shape ${show(output)}`);
    },
    initialise: () => ({}),
    fit(task, labels) {
      requireClasses(task, labels, 2);
      requireSome(task, labels);
      return noScaling;
    },
    encode(task, labels, _, __, dtype) {
      requireClasses(task, labels, 2);
      return maskMissing(labels, [labels.shape[0]!, 1], 0, dtype);
    },
    loss({ output, target, mask }) {
      const smooth = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / 2);
      const each = sub(softplus(output), mul(smooth, output));
      const weights = positiveWeight === 1 ? mask : mul(mask, add(1, mul(target, positiveWeight - 1)));
      return weightedMean(each, weights);
    },
    predict: (output) => sigmoid(output),
    measure: (predicted, labels) => binaryMeasures(predicted.toTypedArray(), labels.toTypedArray()),
  };
}

export function requireSmoothing(name: string, value: number): void {
  if (!(value >= 0 && value < 1)) throw new InputError(`${name}: labelSmoothing must be in [0, 1), not ${value}`);
}

export function requireWeight(name: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new InputError(`${name}: a class's weight must be a positive number, not ${value}`);
}
