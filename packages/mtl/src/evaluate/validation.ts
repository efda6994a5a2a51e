import type { CrossValidation } from "../linear/cross-validate.js";
import type { AnyRegularizer } from "../regularizers/regularizer.js";
import type { LinearCrossValidation } from "../solvers/cross-validate.js";

/** One choice of penalties and the error it had on rows held out. */
export interface ValidationPoint {
  readonly lambda: number;
  readonly lambdaIntercept: number;
  /** The regularizer's options, where there were several to choose from: "ratio 0.5"; else "". */
  readonly variant: string;
  /** Over all rows held out, as `Judgement.errorName` says. */
  readonly error: number;
  /** Standard error of the folds' errors. */
  readonly standardError: number;
}

/** How the penalties were chosen, on training rows only. */
export interface Validation extends Omit<ValidationPoint, "standardError"> {
  readonly path: readonly ValidationPoint[];
  readonly folds: number;
}

export function validationOfSquares({ lambda, lambdaIntercept, mse, path, folds }: CrossValidation): Validation {
  return {
    ...{ lambda, lambdaIntercept, folds, variant: "", error: mse },
    path: path.map(({ mse: error, ...point }) => ({ ...point, variant: "", error })),
  };
}

/** What stands between a cross-validation of regularizers and what is shown of it. */
export interface ShownAs {
  /** λ_b; null where it follows λ. */
  readonly lambdaIntercept: number | null;
  /** How many times the mean loss is the error that is shown: Poisson's loss is half the deviance. */
  readonly factor: number;
}

export function validationOf(
  { lambda, regularizer, error, path, folds }: LinearCrossValidation,
  { lambdaIntercept, factor }: ShownAs,
): Validation {
  const variant = variants(new Set(path.map((point) => point.regularizer)));
  const shown = (point: { readonly lambda: number; readonly regularizer: AnyRegularizer; readonly error: number }) => ({
    lambda: point.lambda,
    lambdaIntercept: lambdaIntercept ?? point.lambda,
    variant: variant(point.regularizer),
    error: point.error * factor,
  });
  return {
    ...shown({ lambda, regularizer, error }),
    folds,
    path: path
      .map((point) => ({ ...shown(point), standardError: point.standardError * factor }))
      .sort((a, b) => a.lambda - b.lambda),
  };
}

/** "ratio 0.5", "clusters 3", "lasso weight 0.3": the options in which candidates differ. */
function variants(candidates: ReadonlySet<AnyRegularizer>): (of: AnyRegularizer) => string {
  const keys = [...candidates].flatMap(({ parameters }) => Object.keys(parameters));
  const varied = [...new Set(keys)].filter(
    (key) => new Set([...candidates].map(({ parameters }) => parameters[key] ?? 1)).size > 1,
  );
  return (of) => varied.map((key) => `${optionName(key, of)} ${of.parameters[key] ?? 1}`).join(", ");
}

/** What a part is called: by its name in sums and splits; in decompositions that have a name, the second is `own`. */
function optionName(key: string, { name, parameters }: AnyRegularizer): string {
  if (name !== "sum" && name !== "split") return key === "part 2, weight" ? "own" : key;
  const [, part, option] = /^(part \d+), (.+)$/.exec(key)!;
  return `${parameters[part!]} ${option}`;
}
