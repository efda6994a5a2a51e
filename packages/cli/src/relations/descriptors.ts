import {
  createTable,
  type Descriptors,
  descriptorKinship,
  gaussianKernel,
  InputError,
  type KinshipBuilder,
  linearKernel,
} from "@kinship/mtl";
import { readTable } from "../csv/table.js";

/** How `--kinship` asks for ties by what describes the tasks, and the kernel each stands for. */
export const descriptorKernels = { descriptors: linearKernel, "descriptors-rbf": gaussianKernel(1) } as const;
export type DescriptorKinshipName = keyof typeof descriptorKernels;

export const isDescriptorKinship = (kinship: string): kinship is DescriptorKinshipName =>
  Object.hasOwn(descriptorKernels, kinship);

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

/**
 * Tasks tied by a kernel over their descriptors: numbers, and 0 or 1 for each text but the first, all standardised over
 * the tasks and divided by the root of their number, so that two tasks are about 1 apart however many columns there are.
 * A cell that is missing is the mean.
 */
export function kinshipByDescriptors(
  name: DescriptorKinshipName,
  { table }: Descriptors,
  key: string,
  tasks: readonly string[],
): KinshipBuilder {
  const names = Array.from(table.columns.find((column) => column.name === key)!.values, String);
  const rowOf = new Map(names.map((task, row) => [task, row]));
  if (rowOf.size < names.length) {
    const twice = names.find((task, row) => rowOf.get(task) !== row);
    throw new InputError(`task "${twice}" has two rows; keep one`);
  }
  const absent = tasks.find((task) => !rowOf.has(task));
  if (absent !== undefined) throw new InputError(`no row describes task "${absent}", which the data have`);
  const columns = table.columns
    .filter((column) => column.name !== key)
    .flatMap(({ values }) => numbersOf(tasks.map((task) => values[rowOf.get(task) as number])))
    .map(standardised);
  const root = Math.sqrt(Math.max(1, columns.length));
  const descriptors = new Map(tasks.map((task, t) => [task, columns.map((column) => column[t]! / root)]));
  return descriptorKinship({ descriptors, kernel: descriptorKernels[name] }).kinship;
}

/** NaN where a cell is missing; one column a text but the first. */
function numbersOf(cells: readonly unknown[]): number[][] {
  if (cells.every((cell) => typeof cell !== "string" || cell === "")) {
    return [cells.map((cell) => (typeof cell === "number" ? cell : Number.NaN))];
  }
  const levels = [...new Set(cells.map(String))].sort().slice(1);
  return levels.map((level) => cells.map((cell) => Number(String(cell) === level)));
}

function standardised(values: readonly number[]): number[] {
  const present = values.filter(Number.isFinite);
  const mean = present.reduce((sum, value) => sum + value / present.length, 0);
  const variance = present.reduce((sum, value) => sum + (value - mean) ** 2 / present.length, 0);
  const scale = Math.sqrt(variance) || 1;
  return values.map((value) => (Number.isFinite(value) ? (value - mean) / scale : 0));
}
