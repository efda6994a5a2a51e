import { basename } from "node:path";
import { quote } from "../commands/spell.js";
import type { TrainOptions } from "./grammar.js";

/** The command that does the same again, without the folders of this machine. */
export function spellTrain(path: string, options: TrainOptions): string {
  const words = ["kinship", "train", basename(path)];
  const add = (option: string, value: unknown) => {
    if (value !== undefined) words.push(option, String(value));
  };
  for (const { name, kind } of options.task) add("--task", kind === undefined ? name : `${name}:${kind}`);
  add("--task-column", options.taskColumn);
  add("--features", options.features?.join(","));
  add("--architecture", options.architecture);
  add("--tasks", options.tasks && basename(options.tasks));
  add("--hidden", options.hidden.join(","));
  add("--filters", options.filters.join(","));
  add("--dropout", options.dropout);
  add("--balance", options.balance);
  add(
    "--weights",
    options.weights &&
      Object.entries(options.weights)
        .map(([name, w]) => `${name}=${w}`)
        .join(","),
  );
  for (const name of ["epochs", "batch", "rate", "validation", "test", "patience", "compare", "seed"] as const)
    add(`--${name}`, options[name]);
  return words.map(quote).join(" ");
}
