import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createRandom,
  crossValidate,
  fitKNorm,
  fitLinearByCrossValidation,
  identityKinship,
  type KinshipBuilder,
  type LinearModel,
  meanKinship,
  mtlFeat,
  predictTask,
  type Task,
} from "@kinship/mtl";
import { dataFolder } from "./support/data.js";

/** The survey's ratings may not be redistributed: null where the data are not. */
export const surveyFolder = (): URL | null => dataFolder("computer-survey", "ratings.csv");

export interface Survey {
  /** [20 computers, 13 attributes], each ±1. */
  readonly attributes: readonly (readonly number[])[];
  /** [190 people, 20 computers], 0 to 10. */
  readonly ratings: readonly (readonly number[])[];
}

export function readSurvey(folder: URL): Survey {
  const read = (name: string) =>
    readFileSync(new URL(name, folder), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").map(Number));
  // The first attribute is a column of ones, which the intercept already is.
  return { attributes: read("design.csv").map((row) => row.slice(1)), ratings: read("ratings.csv") };
}

export interface SurveyErrors {
  readonly alone: number;
  /** The K-norm, each person drawn to the average of all. */
  readonly mean: number;
  /** MTL-FEAT: directions of taste that people share are learned. */
  readonly features: number;
}

/** Root mean squared error on four computers drawn by the seed, learned from the other sixteen. */
export async function rateOnSeed({ attributes, ratings }: Survey, seed: number): Promise<SurveyErrors> {
  const random = createRandom(seed);
  const order = attributes.map((_, computer) => ({ computer, key: random() })).sort((a, b) => a.key - b.key);
  const held = order.slice(0, 4).map(({ computer }) => computer);
  const known = order.slice(4).map(({ computer }) => computer);
  const tasks: Task[] = ratings.map((row, person) => ({
    name: `person ${person + 1}`,
    x: known.map((computer) => attributes[computer]!),
    y: known.map((computer) => row[computer]!),
  }));
  const errorOf = (model: LinearModel) => {
    let squares = 0;
    for (const [person, { name }] of tasks.entries()) {
      const predicted = predictTask(
        model,
        name,
        held.map((computer) => attributes[computer]!),
      );
      for (const [k, computer] of held.entries()) squares += (predicted[k]! - ratings[person]![computer]!) ** 2;
    }
    return Math.sqrt(squares / (held.length * tasks.length));
  };
  const errorWith = async (kinship: KinshipBuilder) => {
    const { lambda, lambdaIntercept } = await crossValidate({ tasks, kinship, seed });
    return errorOf(fitKNorm({ tasks, kinship, lambda, lambdaIntercept }));
  };
  return {
    alone: await errorWith(identityKinship()),
    mean: await errorWith(meanKinship()),
    features: errorOf((await fitLinearByCrossValidation({ tasks, regularizer: mtlFeat(), seed })).model),
  };
}

async function main(): Promise<void> {
  const folder = surveyFolder();
  if (folder === null) {
    console.log("Computer survey: skipped, the data are not here; set KINSHIP_DATA to the folder that holds them");
    return;
  }
  const survey = readSurvey(folder);
  console.log("Computer survey: RMSE on 4 of 20 computers, 190 people\nseed  alone  mean   MTL-FEAT");
  const sums = { alone: 0, mean: 0, features: 0 };
  const seeds = 10;
  for (let seed = 0; seed < seeds; seed++) {
    const { alone, mean, features } = await rateOnSeed(survey, seed);
    sums.alone += alone / seeds;
    sums.mean += mean / seeds;
    sums.features += features / seeds;
    console.log(`${String(seed).padEnd(6)}${alone.toFixed(3)}  ${mean.toFixed(3)}  ${features.toFixed(3)}`);
  }
  console.log(`mean  ${sums.alone.toFixed(3)}  ${sums.mean.toFixed(3)}  ${sums.features.toFixed(3)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
