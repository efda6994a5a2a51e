import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type Tensor, tensor } from "@kinship/tensor";
import pngjs from "pngjs";
import { findColumn } from "../csv/columns.js";
import type { Delimiter } from "../csv/delimiter.js";
import { readCsv } from "../csv/read.js";
import { describeFileError, InputError, inFile, listNames } from "../errors.js";
import type { PreparedData, TrainingData } from "./data.js";
import type { TaskWish, TrainOptions } from "./grammar.js";
import { type ReadLabels, readLabels } from "./labels.js";
import { type Pixels, readNetpbm } from "./netpbm.js";

const readable = [".png", ".pgm", ".ppm"];
const isImage = (name: string): boolean => readable.includes(extname(name).toLowerCase());

/** The column of labels.csv that names the images. */
const fileColumn = "file";

export interface ImageFormat {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
}

/** One image; what is transparent is seen on white. @throws InputError that names the file. */
export async function readImage(path: string, signal?: AbortSignal): Promise<Pixels> {
  const bytes = await readFile(path, { signal }).catch((error: unknown) => {
    throw describeFileError(error, "read", path);
  });
  return inFile(path, () => (extname(path).toLowerCase() === ".png" ? readPng(bytes) : readNetpbm(bytes)));
}

function readPng(bytes: Buffer): Pixels {
  let read: { readonly width: number; readonly height: number; readonly data: Buffer };
  try {
    read = pngjs.PNG.sync.read(bytes);
  } catch (error) {
    throw new InputError(`it is no PNG that can be read: ${(error as Error).message}`, { cause: error });
  }
  const { width, height, data } = read;
  const count = width * height;
  const rgb = new Uint8Array(count * 3);
  let isGrey = true;
  for (let k = 0; k < count; k++) {
    const opacity = data[4 * k + 3]! / 255;
    for (let c = 0; c < 3; c++) rgb[3 * k + c] = Math.round(255 + (data[4 * k + c]! - 255) * opacity);
    isGrey &&= rgb[3 * k] === rgb[3 * k + 1] && rgb[3 * k] === rgb[3 * k + 2];
  }
  return isGrey
    ? { width, height, channels: 1, data: rgb.filter((_, k) => k % 3 === 0) }
    : { width, height, channels: 3, data: rgb };
}

/** [images, channels, height, width] from 0 to 1. @throws InputError that names the first image of another size. */
export function stackImages(
  images: readonly Pixels[],
  names: readonly string[],
  { channels, height, width }: ImageFormat,
  like: string,
): Tensor {
  const pixels = height * width;
  const values = new Float32Array(images.length * channels * pixels);
  for (const [k, image] of images.entries()) {
    if (image.width !== width || image.height !== height)
      throw new InputError(
        `${names[k]} is ${image.width} × ${image.height} pixels, ${like} ${width} × ${height}; bring all images to one size`,
      );
    if (image.channels > channels) throw new InputError(`${names[k]} is a colour image, and ${like} grey; convert it`);
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < pixels; p++)
        values[(k * channels + c) * pixels + p] =
          image.data[p * image.channels + Math.min(c, image.channels - 1)]! / 255;
  }
  return tensor(values, { shape: [images.length, channels, height, width] });
}

/** A folder a class, or images with a labels.csv beside them: the column "file", and one for each task. */
export async function readTrainingImages(
  folder: string,
  { task: wishes, taskColumn, features }: Pick<TrainOptions, "task" | "taskColumn" | "features">,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<TrainingData> {
  for (const [option, given] of [
    ["--task-column", taskColumn],
    ["--features", features],
  ] as const)
    if (given !== undefined) throw new InputError(`${option} is for tables, and ${folder} is a folder of images`);
  const { paths, labels } = await findImages(folder, wishes, signal);
  const images: Pixels[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    images.push(await readImage(path, signal));
    onProgress(images.length, paths.length);
  }
  const { height, width } = images[0]!;
  const channels = images.some((image) => image.channels === 3) ? 3 : 1;
  const format: ImageFormat = { channels, height, width };
  const all = stackImages(images, paths, format, `${paths[0]} is`);
  const size = channels * height * width;
  const data = all.toTypedArray() as Float32Array;
  const prepared: PreparedData = {
    input: [channels, height, width],
    take: (rows) => {
      const taken = new Float32Array(rows.length * size);
      rows.forEach((row, k) => {
        taken.set(data.subarray(row * size, (row + 1) * size), k * size);
      });
      return tensor(taken, { shape: [rows.length, channels, height, width] });
    },
    reading: { kind: "images", ...format },
  };
  return { source: folder, rows: paths.length, labels, prepare: () => prepared };
}

interface LabelledImages {
  readonly paths: readonly string[];
  readonly labels: readonly ReadLabels[];
}

async function findImages(folder: string, wishes: readonly TaskWish[], signal: AbortSignal): Promise<LabelledImages> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.some(({ name }) => name === "labels.csv")) return fromTable(folder, wishes, signal);
  const classes = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  if (classes.length < 2)
    throw new InputError(
      `${folder} has no labels.csv and ${classes.length} folders; expected a folder of images for each class, or labels.csv with the columns ${fileColumn} and one a task`,
    );
  if (wishes.length > 1)
    throw new InputError(`${folder}: a folder a class is one task; for several, write labels.csv beside the images`);
  const paths: string[] = [];
  const cells: string[] = [];
  for (const name of classes.sort()) {
    const inside = (await readdir(join(folder, name))).filter(isImage).sort();
    if (inside.length === 0)
      throw new InputError(`${join(folder, name)} holds no image (${readable.join(", ")}); remove it`);
    for (const file of inside) {
      paths.push(join(folder, name, file));
      cells.push(name);
    }
  }
  const kind = classes.length === 2 ? ("binary" as const) : ("multiclass" as const);
  const wish: TaskWish = wishes[0] ? { kind, ...wishes[0] } : { name: "class", kind };
  return { paths, labels: [readLabels(wish, cells, ",", (row) => paths[row]!)] };
}

async function fromTable(folder: string, wishes: readonly TaskWish[], signal: AbortSignal): Promise<LabelledImages> {
  const path = join(folder, "labels.csv");
  const lines: number[] = [];
  const rows: (readonly string[])[] = [];
  let header: readonly string[] = [];
  let separator: Delimiter = ",";
  await readCsv(
    path,
    {
      header: (columns, delimiter) => {
        [header, separator] = [columns, delimiter];
      },
      record: (cells, line) => {
        rows.push(cells);
        lines.push(line);
      },
    },
    signal,
  );
  const file = findColumn(path, header, fileColumn, "images");
  const chosen = wishes.length > 0 ? wishes : header.filter((name) => name !== fileColumn).map((name) => ({ name }));
  if (chosen.length === 0) throw new InputError(`${path} has no column beside "${fileColumn}"; add one for each task`);
  const where = (row: number) => `${path}, line ${lines[row]}`;
  const paths: string[] = [];
  const seen = new Map<string, number>();
  for (const [row, cells] of rows.entries()) {
    const name = cells[file]!.trim();
    if (!isImage(name)) throw new InputError(`${where(row)}: "${name}" is no image file (${readable.join(", ")})`);
    if (seen.has(name)) throw new InputError(`${where(row)}: ${name} stands on line ${seen.get(name)} already`);
    seen.set(name, lines[row]!);
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (!found?.isFile()) throw new InputError(`${where(row)}: there is no image ${join(folder, name)}`);
    paths.push(join(folder, name));
  }
  const labels = inFile(path, () =>
    chosen.map((wish) => {
      const column = findColumn(path, header, wish.name, "--task");
      return readLabels(
        wish,
        rows.map((cells) => cells[column]!),
        separator,
        where,
      );
    }),
  );
  return { paths, labels };
}

/** Images to predict: one file, or the images of a folder and of the folders in it. */
export async function listImages(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw describeFileError(error, "read", path);
  });
  if (!found.isDirectory()) {
    if (!isImage(path)) throw new InputError(`${basename(path)} is no image (${readable.join(", ")})`);
    return [path];
  }
  const names = (await readdir(path, { recursive: true })).filter(isImage).sort();
  if (names.length === 0) throw new InputError(`${path} holds no image (${listNames(readable)})`);
  return names.map((name) => join(path, name));
}
