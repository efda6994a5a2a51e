/** What the columns of a table mean. Columns named nowhere are features, numeric if all their values are numbers. */
export interface Schema {
  readonly task: string;
  readonly target: string;
  /** These are read as numbers; a value that is none is an error. */
  readonly numeric?: readonly string[];
  /** These are read as categories even where they look like numbers. */
  readonly categorical?: readonly string[];
  readonly ignore?: readonly string[];
}

/** x = (value − mean) / scale. */
export interface Standardisation {
  readonly mean: number;
  readonly scale: number;
}

export interface NumericFeature extends Standardisation {
  readonly kind: "numeric";
  readonly column: string;
  /** A second column, 1 where the value was missing; only if a training row missed it. A missing value itself becomes the mean. */
  readonly missing: Standardisation | null;
}

export interface CategoricalFeature {
  readonly kind: "categorical";
  readonly column: string;
  /** The level with no column of its own. */
  readonly reference: string;
  /** One column a level, in order. A level never seen in training becomes the training mean of each. */
  readonly levels: readonly (Standardisation & { readonly level: string })[];
}

export type Feature = NumericFeature | CategoricalFeature;

/** Fitted on training rows only; plain data, saved with the model. */
export interface Pipeline {
  readonly task: string;
  readonly target: string;
  /** Subtracted from the target before the fit, added to every prediction. */
  readonly targetMean: number;
  readonly features: readonly Feature[];
  /** One name a column of x: "ses", "ses is missing", "sector = public". */
  readonly names: readonly string[];
}
