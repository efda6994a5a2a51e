import { fileURLToPath } from "node:url";
import {
  adamW,
  cosineRate,
  createObjective,
  type Dataset,
  dense,
  evaluateTasks,
  gridOf,
  hardSharing,
  kNormOverOutputs,
  meanKinship,
  multiTaskModel,
  regression,
  searchTraining,
  sequential,
  splitWithinTasks,
  type TrainOptions,
  train,
} from "@kinship/mtl";
import { tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { readTable } from "./support/csv.js";

const folder = new URL(import.meta.url.includes("/dist/") ? "../data/hsb/" : "./data/hsb/", import.meta.url);

const studentColumns = ["minority", "female", "ses"];
const schoolColumns = ["size", "academic_track", "discipline", "high_minority", "mean_ses"];

/** The mean and the standard deviation of some rows. */
function spread(values: readonly number[], rows: Int32Array): { readonly mean: number; readonly scale: number } {
  const mean = rows.reduce((total, row) => total + values[row]!, 0) / rows.length;
  const variance = rows.reduce((total, row) => total + (values[row]! - mean) ** 2, 0) / rows.length;
  return { mean, scale: Math.sqrt(variance) };
}

/** What students bring, what their school is, and their result, standardised on the rows that train. */
function readSchools(seed: number) {
  const students = readTable(new URL("students.csv", folder));
  const schools = readTable(new URL("schools.csv", folder));
  const column = (table: typeof students, name: string) => table.columns.find((c) => c.name === name)!.values;
  const names = Array.from(column(students, "school"), String);
  const schoolNames = Array.from(column(schools, "school"), String);
  const at = names.map((name) => schoolNames.indexOf(name));
  const numbers = [
    ...studentColumns.map((name) => Array.from(column(students, name), Number)),
    ...schoolColumns.map((name) => at.map((k) => Number(column(schools, name)[k]))),
    at.map((k) => Number(column(schools, "sector")[k] === "catholic")),
  ];
  const split = splitWithinTasks(students, { task: "school", test: 0.75, seed });
  const standardised = (values: number[]) => {
    const { mean, scale } = spread(values, split.train);
    return values.map((value) => (value - mean) / scale);
  };
  const math = Array.from(column(students, "math"), Number);
  return {
    split,
    names,
    schools: [...new Set(names)],
    features: numbers.map(standardised),
    math: standardised(math),
    scale: spread(math, split.train).scale,
  };
}

type Schools = ReturnType<typeof readSchools>;

/** One column a school; a student's label stands in that of the own school, the others are missing. */
function rowsOf({ names, schools, features, math }: Schools, rows: ArrayLike<number>): Dataset {
  const own = Array.from(rows);
  const labels = new Float64Array(own.length * schools.length).fill(Number.NaN);
  for (const [k, row] of own.entries()) labels[k * schools.length + schools.indexOf(names[row]!)] = math[row]!;
  return {
    math: {
      x: tensor(own.map((row) => features.map((values) => values[row]!))),
      y: tensor(labels, { shape: [own.length, schools.length] }),
    },
  };
}

/** What to train for a λ: one trunk for all schools, and for each school weights of its own, tied to their mean. */
function options({ schools, features }: Schools, lambda: number, steps: number): Omit<TrainOptions, "data"> {
  const trunk = sequential([dense(16, { activation: "tanh" }), dense(8, { activation: "tanh" })]);
  const model = multiTaskModel({
    input: [features.length],
    encoder: hardSharing(trunk),
    heads: { math: dense(schools.length) },
  });
  return {
    objective: createObjective({
      model,
      tasks: { math: regression({ standardise: false }) },
      penalties: [kNormOverOutputs({ task: "math", outputs: schools, lambda, kinship: meanKinship() })],
    }),
    steps,
    batchSize: 256,
    optimizer: adamW({ learningRate: cosineRate({ rate: 0.01, steps }), weightDecay: 0.1 }),
  };
}

export interface SchoolsRun {
  readonly lambda: number;
  /** Of the students that did not train, in points² of the test. */
  readonly error: number;
}

/** A quarter of each school's students train; λ is chosen by cross-validation on them. */
export async function trainSchools(seed: number, { steps = 600, folds = 3 } = {}): Promise<SchoolsRun> {
  const schools = readSchools(seed);
  const { split, scale } = schools;
  const data = rowsOf(schools, split.train);
  const found = await searchTraining({
    choices: gridOf({ lambda: [0.1, 0.3, 1, 3] }),
    options: ({ lambda }) => options(schools, lambda, steps),
    data,
    folds,
    seed,
  });
  const { lambda } = found[0]!.choice;
  const trained = await train({ ...options(schools, lambda, steps), data, seed });
  const { math } = evaluateTasks(trained, rowsOf(schools, split.test), { wrap: compile });
  return { lambda, error: math!.mse! * scale ** 2 };
}

async function main(): Promise<void> {
  const quick = Boolean(process.env.KINSHIP_QUICK);
  console.log(
    "High School & Beyond, a head for each of 160 schools: test MSE, a quarter of each school's students train",
  );
  let sum = 0;
  const seeds = quick ? [0] : [0, 1, 2];
  for (const seed of seeds) {
    const { lambda, error } = await trainSchools(seed, quick ? { steps: 20, folds: 2 } : {});
    console.log(`seed ${seed}  ${error.toFixed(3)}  λ = ${lambda}`);
    sum += error;
  }
  console.log(`mean    ${(sum / seeds.length).toFixed(3)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
