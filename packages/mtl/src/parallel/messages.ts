import type { LinearModel } from "../linear/model.js";
import type { DescribedCrossValidation } from "../methods/cross-validation.js";
import type { RegularizerDescription } from "../methods/describe.js";
import type { FoldOutcome, FoldSettings } from "../solvers/fold-fits.js";

/** One cross-validation, all data of it; every worker gets it once. */
export interface OpenJob
  extends Pick<DescribedCrossValidation, "tasks" | "loss" | "base" | "folds" | "lambdaIntercept"> {
  readonly kind: "open";
  readonly job: number;
  readonly seed: number;
  readonly intercept?: LinearModel["intercept"];
}

/** One fold at one λ. A chain is a fold under one regularizer: it stays with its worker, which keeps its solutions. */
export interface SolveFold {
  readonly kind: "solve";
  readonly id: number;
  readonly job: number;
  readonly chain: number;
  readonly fold: number;
  /** With the first λ of a chain. */
  readonly regularizer: RegularizerDescription | null;
  readonly settings: FoldSettings;
}

export interface CloseJob {
  readonly kind: "close";
  readonly job: number;
}

export type Request = OpenJob | SolveFold | CloseJob;

export type Reply =
  | { readonly id: number; readonly outcome: FoldOutcome }
  | {
      readonly id: number;
      readonly failure: { readonly message: string; readonly stack: string; readonly input: boolean };
    };
