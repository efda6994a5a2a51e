import { basedLoss } from "../losses/based.js";
import { type LossDescription, lossOf } from "../losses/saved.js";
import {
  type CrossValidateLinearOptions,
  crossValidateLinear,
  type LinearCrossValidation,
} from "../solvers/cross-validate.js";
import type { FoldScheme } from "../solvers/fold-plan.js";
import { type RegularizerDescription, regularizerOf } from "./describe.js";

/** A cross-validation as plain data, but for its `onProgress` and `signal`: what another thread can be sent. */
export interface DescribedCrossValidation extends Omit<CrossValidateLinearOptions, "loss" | "regularizer"> {
  readonly regularizers: readonly RegularizerDescription[];
  readonly loss: LossDescription;
  /** Scores are counted from here, one an output; from 0 unless given. */
  readonly base?: readonly number[];
  readonly folds: FoldScheme;
}

export type CrossValidator = (options: DescribedCrossValidation) => Promise<LinearCrossValidation>;

export function describedOptions({ regularizers, loss, base, ...rest }: DescribedCrossValidation) {
  return {
    ...rest,
    loss: describedLoss({ loss, ...(base && { base }) }),
    regularizer: regularizers.map(regularizerOf),
  };
}

export function describedLoss({ loss, base }: Pick<DescribedCrossValidation, "loss" | "base">) {
  return base === undefined ? lossOf(loss) : basedLoss(lossOf(loss), base);
}

/** In this thread. */
export const crossValidateDescribed: CrossValidator = (options) => crossValidateLinear(describedOptions(options));
