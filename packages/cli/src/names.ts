import { InvalidArgumentError } from "commander";

/** Names of columns, separated by commas, as an option gives them. */
export function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.includes("")) throw new InvalidArgumentError("A name is empty.");
  if (new Set(list).size < list.length) throw new InvalidArgumentError("A name is given twice.");
  return list;
}
