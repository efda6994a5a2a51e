import { createRandom, type Random } from "../data/random.js";
import { InputError } from "../errors.js";
import { breather, type RunControl } from "../linear/run-control.js";
import type { Dataset } from "../train/data.js";
import type { Trained, TrainOptions } from "../train/options.js";
import { train } from "../train/train.js";
import { foldRows } from "./rows.js";

/** Every combination. @example gridOf({ learningRate: [0.01, 0.1], width: [16, 64] }) */
export function gridOf<Choice extends { readonly [name: string]: unknown }>(
  values: { readonly [Name in keyof Choice]: readonly Choice[Name][] },
): Choice[] {
  return Object.entries(values).reduce<Record<string, unknown>[]>(
    (choices, [name, options]) =>
      choices.flatMap((choice) => (options as readonly unknown[]).map((value) => ({ ...choice, [name]: value }))),
    [{}],
  ) as unknown as Choice[];
}

/** Numbers whose logarithms are spread evenly. */
export const logUniform =
  (from: number, to: number) =>
  (random: Random): number =>
    from * (to / from) ** random();

export const oneOf =
  <T>(...values: readonly T[]) =>
  (random: Random): T =>
    values[Math.floor(random() * values.length)]!;

/**
 * Choices drawn at random, which find more than a grid where few of the names matter (Bergstra & Bengio, 2012).
 * @example randomChoices({ learningRate: logUniform(1e-4, 1e-1), width: oneOf(16, 64) }, { count: 20 })
 */
export function randomChoices<Choice extends { readonly [name: string]: unknown }>(
  space: { readonly [Name in keyof Choice]: (random: Random) => Choice[Name] },
  { count, seed = 0 }: { readonly count: number; readonly seed?: number },
): Choice[] {
  const random = createRandom(seed);
  return Array.from(
    { length: count },
    () =>
      Object.fromEntries(
        Object.entries(space).map(([name, draw]) => [name, (draw as (random: Random) => unknown)(random)]),
      ) as Choice,
  );
}

export interface SearchOptions<Choice> extends RunControl {
  readonly choices: readonly Choice[];
  /** What to train for a choice; rows are given by the search. */
  readonly options: (choice: Choice) => Omit<TrainOptions, "data" | "validation">;
  readonly data: Dataset;
  /** 5 unless given. */
  readonly folds?: number;
  readonly seed?: number;
  /** What is to be low, on the rows left out; the weighted sum of the losses unless given. */
  readonly score?: (trained: Trained) => number;
}

export interface ScoredChoice<Choice> {
  readonly choice: Choice;
  /** Infinite where training met a number that is not finite. */
  readonly mean: number;
  readonly perFold: readonly number[];
}

/** Cross-validates each choice on the same folds. The first of the results has the lowest mean score. */
export async function searchTraining<Choice>({
  choices,
  options,
  data,
  folds = 5,
  seed = 0,
  score = keptTotal,
  ...control
}: SearchOptions<Choice>): Promise<readonly ScoredChoice<Choice>[]> {
  if (choices.length === 0) throw new InputError("searchTraining: there is no choice to try");
  const parts = foldRows(data, { folds, seed });
  const breathe = breather("search", control);
  const results: ScoredChoice<Choice>[] = [];
  for (const choice of choices) {
    const perFold: number[] = [];
    for (const { train: rows, validation } of parts) {
      await breathe(results.length * folds + perFold.length, choices.length * folds);
      perFold.push(await scoreOf({ ...options(choice), data: rows, validation }, score, control));
    }
    results.push({ choice, mean: perFold.reduce((a, b) => a + b, 0) / folds, perFold });
  }
  return results.sort((a, b) => (a.mean < b.mean ? -1 : a.mean > b.mean ? 1 : 0));
}

/** The validation total of the parameters that were kept. */
const keptTotal = ({ history, kept }: Trained): number => history[kept - 1]?.validation?.total ?? Number.NaN;

async function scoreOf(
  options: TrainOptions,
  score: (trained: Trained) => number,
  { signal }: RunControl,
): Promise<number> {
  try {
    const found = score(await train({ ...options, ...(signal && { signal }) }));
    return Number.isNaN(found) ? Number.POSITIVE_INFINITY : found;
  } catch (error) {
    if (error instanceof Error && error.name === "NotFiniteError") return Number.POSITIVE_INFINITY;
    throw error;
  }
}
