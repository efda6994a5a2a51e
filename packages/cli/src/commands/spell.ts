import { basename } from "node:path";
import type { FitOptions } from "../program.js";

/** The command that does the same again, without the folders of this machine. */
export function spell(path: string, options: FitOptions): string {
  const { task, target, features, tasks, parent, kinship, test, seed } = options;
  const words = ["kinship", "fit", basename(path), "--task", task, "--target", target];
  if (features !== undefined) words.push("--features", features.join(","));
  if (tasks !== undefined && parent !== undefined) words.push("--tasks", basename(tasks), "--parent", parent);
  else if (kinship !== "mean") words.push("--kinship", basename(kinship));
  words.push("--test", String(test), "--seed", String(seed));
  return words.map(quote).join(" ");
}

/** As a POSIX shell reads it. */
const quote = (word: string): string =>
  /^[\w./,=+:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
