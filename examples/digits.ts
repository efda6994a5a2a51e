import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  adamW,
  binary,
  clustering,
  conv2dLayer,
  cosineRate,
  createObjective,
  type Dataset,
  dense,
  dropout,
  evaluateTasks,
  flattenLayer,
  hardSharing,
  type Measures,
  maxPool2dLayer,
  multiclass,
  multiTaskModel,
  type Objective,
  regression,
  reshapeLayer,
  sequential,
  sharedRows,
  splitRows,
  train,
} from "@kinship/mtl";
import { tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";

const folder = new URL(import.meta.url.includes("/dist/") ? "../data/digits/" : "./data/digits/", import.meta.url);

/** Four tasks on the same images: which digit, is it odd, how much ink, and groups found without labels. */
export function readDigits(): Dataset {
  const [, ...lines] = readFileSync(new URL("digits.csv", folder), "utf8").trim().split("\n");
  const rows = lines.map((line) => line.split(",").map(Number));
  const pixels = Float32Array.from(rows.flatMap((row) => row.slice(0, 64).map((level) => level / 16)));
  const digit = Float64Array.from(rows, (row) => row[64]!);
  const ink = Float64Array.from(rows, (row) => row.slice(0, 64).reduce((a, b) => a + b, 0));
  return sharedRows(tensor(pixels, { shape: [rows.length, 64] }), {
    digit: tensor(digit),
    odd: tensor(digit.map((value) => value % 2)),
    ink: tensor(ink),
    // Not trained on: only what the groups are measured against.
    group: tensor(digit),
  });
}

/** A convolutional trunk, and a head for each task. The groups start when the trunk knows something. */
export function digitsObjective(warmUp = 8): Objective {
  const trunk = sequential([
    reshapeLayer([1, 8, 8]),
    conv2dLayer(16, 3, { activation: "relu" }),
    maxPool2dLayer(2),
    conv2dLayer(32, 3, { activation: "relu" }),
    flattenLayer(),
    dropout(0.2),
    dense(64, { activation: "relu" }),
    dropout(0.2),
  ]);
  const heads = { digit: dense(10), odd: dense(1), ink: dense(1), group: dense(10) };
  return createObjective({
    model: multiTaskModel({ input: [64], encoder: hardSharing(trunk), heads }),
    tasks: {
      digit: multiclass({ classes: 10 }),
      odd: binary(),
      ink: { kind: regression(), weight: 0.5 },
      group: { kind: clustering({ clusters: 10, warmUp }), weight: 0.2 },
    },
  });
}

export interface DigitsRun {
  readonly measures: Readonly<Record<string, Measures>>;
  readonly milliseconds: number;
}

/** Three quarters of the images train. */
export async function trainDigits(seed: number, { epochs = 40, warmUp = 8 } = {}): Promise<DigitsRun> {
  const { train: data, test } = splitRows(readDigits(), { test: 0.25, seed });
  const steps = epochs * Math.ceil(data.digit!.x.shape[0]! / 32);
  const started = performance.now();
  const trained = await train({
    objective: digitsObjective(warmUp),
    data,
    epochs,
    optimizer: adamW({ learningRate: cosineRate({ rate: 0.003, steps }), weightDecay: 0.01 }),
    seed,
  });
  const milliseconds = performance.now() - started;
  return { measures: evaluateTasks(trained, test, { wrap: compile }), milliseconds };
}

async function main(): Promise<void> {
  console.log("Handwritten digits: 449 test images a seed");
  console.log("seed  digit   odd     ink R²  groups' adjusted Rand index  seconds");
  const runs: DigitsRun[] = [];
  const quick = process.env.KINSHIP_QUICK ? { epochs: 2, warmUp: 1 } : {};
  for (const seed of [0, 1, 2]) runs.push(await trainDigits(seed, quick));
  const columns = runs.map(({ measures, milliseconds }) => [
    measures.digit!.accuracy!,
    measures.odd!.accuracy!,
    measures.ink!.r2!,
    measures.group!.adjustedRandIndex!,
    milliseconds / 1000,
  ]);
  const line = (name: string, values: readonly number[]) =>
    console.log(
      name.padEnd(6) + values.map((value, k) => value.toFixed(k === 4 ? 1 : 4).padEnd(k === 3 ? 29 : 8)).join(""),
    );
  for (const [seed, values] of columns.entries()) line(String(seed), values);
  line(
    "mean",
    columns[0]!.map((_, k) => columns.reduce((total, values) => total + values[k]! / columns.length, 0)),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
