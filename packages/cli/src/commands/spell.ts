import { basename } from "node:path";
import type { FitOptions } from "../program.js";

/** The command that does the same again, without the folders of this machine. */
export function spell(path: string, options: FitOptions): string {
  const { task, target, features, tasks, parent, kinship, descriptors, interactions } = options;
  const { method, loss, compare, test, seed } = options;
  const words = ["kinship", "fit", basename(path), "--task", task, "--target", target];
  if (features !== undefined) words.push("--features", features.join(","));
  if (loss !== "squared") words.push("--loss", loss);
  if (compare !== undefined) words.push("--compare", compare);
  else if (method !== "k-norm") words.push("--method", method);
  if (tasks !== undefined) words.push("--tasks", basename(tasks));
  if (descriptors !== undefined) words.push("--descriptors", descriptors.join(","));
  if (interactions) words.push("--interactions");
  if (parent !== undefined) words.push("--parent", parent);
  else if (kinship !== "mean") words.push("--kinship", basename(kinship));
  words.push("--test", String(test), "--seed", String(seed));
  return words.map(quote).join(" ");
}

/** As a POSIX shell reads it. */
export const quote = (word: string): string =>
  /^[\w./,=+:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
