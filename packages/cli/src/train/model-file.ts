import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FittedTasks, loadModel, saveModel } from "@kinship/mtl";
import { describeFileError, InputError, inFile } from "../errors.js";
import { version } from "../version.js";
import type { ModelTask, Reading } from "./data.js";

const format = "kinship trained model 1";

/** What `predict` needs beside the parameters: how files become inputs, and what outputs stand for. */
export interface Description {
  readonly reading: Reading;
  readonly tasks: readonly ModelTask[];
  readonly groupColumn?: string;
}

export interface StoredModel extends Description {
  readonly fitted: FittedTasks;
}

/** The parameters lie beside the description, under this name. */
const weightsFile = "model.safetensors";

export const modelFiles = (fitted: FittedTasks, description: Description): Record<string, string | Uint8Array> => ({
  [weightsFile]: saveModel(fitted),
  "model.json": `${JSON.stringify({ format, version, weights: weightsFile, ...description }, null, 1)}\n`,
});

/** Whether a model file is one that `train` wrote; what cannot be read at all is left to others to report. */
export async function isTrainedModel(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.slice(0, 200).includes(`"${format}"`);
}

export async function readTrainedModel(path: string, signal: AbortSignal): Promise<StoredModel> {
  const read = (file: string) =>
    readFile(file, { signal }).catch((error: unknown) => {
      throw describeFileError(error, "read", file);
    });
  const text = (await read(path)).toString("utf8");
  let described: Partial<Description> & { readonly weights?: string };
  try {
    described = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  const { reading, tasks, groupColumn, weights } = described;
  if (!reading || !Array.isArray(tasks) || typeof weights !== "string")
    throw new InputError(`${path}: parts of the model are missing; was it written by hand?`);
  const file = join(dirname(path), weights);
  const bytes = await read(file);
  return {
    reading,
    tasks,
    ...(groupColumn !== undefined && { groupColumn }),
    fitted: inFile(file, () => loadModel(bytes)),
  };
}
