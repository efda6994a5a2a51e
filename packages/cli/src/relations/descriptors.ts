import { createTable, type Descriptors } from "@kinship/mtl";
import { readTable } from "../csv/table.js";

/** Reads the columns of `--tasks FILE` that describe tasks, as numbers or texts. */
export async function readDescriptors(
  path: string,
  key: string,
  columns: readonly string[],
  kinds: ReadonlyMap<string, "numeric" | "categorical">,
  signal?: AbortSignal,
): Promise<Descriptors> {
  const askedBy = { task: "--task", target: "", features: "--descriptors" };
  const features = columns.map((name) => ({ name, ...(kinds.has(name) && { kind: kinds.get(name)! }) }));
  const { table } = await readTable(path, { task: key, features, askedBy }, signal);
  return { table: createTable(table.columns) };
}
