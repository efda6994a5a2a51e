import { fileURLToPath } from "node:url";
import { type Comparison, compareModels, type KinshipBuilder, meanKinship, splitWithinTasks } from "@kinship/mtl";
import { readTable } from "./support/csv.js";

const folder = new URL(import.meta.url.includes("/dist/") ? "../data/hsb/" : "./data/hsb/", import.meta.url);

/** A quarter of each school's students train; all penalties are chosen by cross-validation on them. */
export function compareOnSchools(seed: number, kinship: KinshipBuilder = meanKinship()): Promise<Comparison> {
  const table = readTable(new URL("students.csv", folder));
  const split = splitWithinTasks(table, { task: "school", test: 0.75, seed });
  return compareModels({ table, schema: { task: "school", target: "math" }, split, kinship, seed });
}

async function main(): Promise<void> {
  console.log("High School & Beyond: test MSE, a quarter of each school's students train");
  console.log("seed  single   pooled   multi    λ         λ_intercept  ms");
  const sums = [0, 0, 0];
  for (let seed = 0; seed < 10; seed++) {
    const { single, pooled, multi } = await compareOnSchools(seed);
    const errors = [single, pooled, multi].map(({ evaluation }) => evaluation.overall.mse);
    for (const [k, error] of errors.entries()) sums[k]! += error / 10;
    const { lambda, lambdaIntercept } = multi.model;
    const cells = [...errors.map((error) => error.toFixed(3)), lambda.toPrecision(3), lambdaIntercept.toPrecision(3)];
    console.log(String(seed).padEnd(6) + cells.map((cell) => cell.padEnd(9)).join(""), multi.milliseconds.toFixed(0));
  }
  console.log("mean  " + sums.map((sum) => sum.toFixed(3).padEnd(9)).join(""));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
