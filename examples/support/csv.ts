import { readFileSync } from "node:fs";
import { createTable, type Table } from "@kinship/mtl";

/** Reads a CSV file without quotes; the command line reads any. */
export function readTable(file: string | URL): Table {
  const [header, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  const cells = lines.map((line) => line.split(","));
  return createTable(header!.split(",").map((name, k) => ({ name, values: cells.map((row) => row[k]) })));
}
