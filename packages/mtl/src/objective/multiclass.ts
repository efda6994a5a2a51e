import { add, cast, logSoftmax, mul, oneHot, softmax, sum, take, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { multiclassMeasures } from "../evaluate/classification.js";
import { show } from "../layers/layer.js";
import { requireSmoothing, requireWeight } from "./binary.js";
import type { TaskKind } from "./kind.js";
import { maskMissing, requireClasses, requireSome, weightedMean } from "./labels.js";
import { describeKind, noScaling } from "./regression.js";

export interface MulticlassOptions {
  readonly classes: number;
  /** How often each row of a class counts, one weight a class; all 1 unless given. */
  readonly classWeights?: readonly number[];
  /** The share ε of each label that is spread evenly over all classes (Szegedy et al., 2016, section 7); 0 unless given. */
  readonly labelSmoothing?: number;
}

/** Labels from 0 to classes − 1; the head gives a logit a class. The loss is the cross-entropy with the softmax. */
export function multiclass(options: MulticlassOptions): TaskKind {
  const { classes, classWeights, labelSmoothing = 0 } = options;
  if (!Number.isInteger(classes) || classes < 2)
    throw new InputError(`multiclass: the number of classes must be a whole number of at least 2, not ${classes}`);
  if (classWeights && classWeights.length !== classes)
    throw new InputError(`multiclass: ${classWeights.length} class weights for ${classes} classes`);
  for (const weight of classWeights ?? []) requireWeight("multiclass", weight);
  requireSmoothing("multiclass", labelSmoothing);
  return {
    kind: "multiclass",
    description: describeKind("multiclass", options),
    unlabelled: false,
    main: { measure: "accuracy", better: "higher" },
    checkOutput(task, output) {
      if (output.length !== 1 || output[0] !== classes)
        throw new InputError(`task "${task}" has ${classes} classes, and its head gives shape ${show(output)}`);
    },
    initialise: () => ({}),
    fit(task, labels) {
      requireClasses(task, labels, classes);
      requireSome(task, labels);
      return noScaling;
    },
    encode(task, labels, _, __, dtype) {
      requireClasses(task, labels, classes);
      return maskMissing(labels, [labels.shape[0]!], 0, dtype);
    },
    loss({ output, target, mask }) {
      const label = cast(target, "int32");
      const hot = oneHot(label, classes, output.dtype);
      const smooth = labelSmoothing === 0 ? hot : add(mul(hot, 1 - labelSmoothing), labelSmoothing / classes);
      const each = mul(sum(mul(smooth, logSoftmax(output)), { axis: -1 }), -1);
      const weights = classWeights ? mul(mask, take(tensor([...classWeights], { dtype: output.dtype }), label)) : mask;
      return weightedMean(each, weights);
    },
    predict: (output) => softmax(output),
    measure: (predicted, labels) => multiclassMeasures(predicted, labels.toTypedArray()),
  };
}
