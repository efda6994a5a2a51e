import { createTable, type Descriptors, type KernelDescription } from "@kinship/mtl";
import { readTable, type WantedFeature } from "../csv/table.js";

/** How `--kinship` asks for ties by what describes the tasks, and the kernel each stands for. */
export const descriptorKernels = {
  descriptors: { name: "linear" },
  "descriptors-rbf": { name: "gaussian", width: 1 },
} as const satisfies Readonly<Record<string, KernelDescription>>;
export type DescriptorKinshipName = keyof typeof descriptorKernels;

export const isDescriptorKinship = (kinship: string): kinship is DescriptorKinshipName =>
  Object.hasOwn(descriptorKernels, kinship);

/** Reads the columns of `--tasks FILE` that describe tasks, as numbers or texts. */
export async function readDescriptors(
  path: string,
  key: string,
  features: readonly WantedFeature[],
  asked: { readonly task: string; readonly features: string },
  signal?: AbortSignal,
): Promise<Descriptors> {
  const askedBy = { ...asked, target: "" };
  const { table } = await readTable(path, { task: key, features, askedBy }, signal);
  return { table: createTable(table.columns) };
}
