import { type Command, InvalidArgumentError, Option } from "commander";
import { names } from "../names.js";

export interface TrainOptions {
  readonly task: readonly TaskWish[];
  /** The column that names the task of each row, where rows belong to tasks. */
  readonly taskColumn?: string;
  readonly features?: readonly string[];
  readonly architecture: Architecture;
  /** A table that describes the tasks, for film. */
  readonly tasks?: string;
  readonly hidden: readonly number[];
  readonly filters: readonly number[];
  readonly dropout: number;
  readonly balance?: string;
  readonly weights?: Readonly<Record<string, number>>;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly validation: number;
  readonly test: number;
  /** Epochs without a better validation before training stops; never where it is not given. */
  readonly patience?: number;
  readonly seed: number;
  readonly resume?: boolean;
  readonly compare?: "single";
  readonly out: string;
}

export const kinds = ["regression", "binary", "multiclass"] as const;
export type Kind = (typeof kinds)[number];

/** A task as it is asked for: the name of a column of labels, and its kind where that is not left to the data. */
export interface TaskWish {
  readonly name: string;
  readonly kind?: Kind;
}

/** The library's methods, written out, since help should not load the library. The first two take --weights as theirs. */
export const balancing = [
  ...["fixedWeighting", "cosmos"],
  ...["equalWeighting", "randomWeighting", "uncertaintyWeighting", "dynamicWeightAverage", "geometricLoss", "imtlLoss"],
  ...["smoothTchebycheff", "famo", "penaltyBoundaryIntersection", "mgda", "pcGrad", "gradVac", "caGrad"],
  ...[
    "imtlGradient",
    "nashMtl",
    "alignedMtl",
    "fairGrad",
    "upGrad",
    "dualProj",
    "conFig",
    "gradNorm",
    "moDo",
    "sdmGrad",
  ],
  ...["krum", "correlationSoftmax", "gradDrop", "moCo", "dbMtl", "excessMtl", "trimmedMean"],
] as const;

export const architectures = [
  "hard",
  "soft",
  "cross-stitch",
  "mmoe",
  "cgc",
  "ple",
  "dselect-k",
  "mtan",
  "film",
] as const;
export type Architecture = (typeof architectures)[number];

/** What `kinship train` reads. */
export function addTrain(program: Command, action: (data: string, options: TrainOptions) => Promise<void>): void {
  program
    .command("train")
    .description("Train one deep model for several tasks: on the columns of a table, or on images in a folder.")
    .argument("<data>", "a CSV file, or a folder of images: a folder a class, or labels.csv beside them")
    .option(
      "--task <name[:kind]>",
      "a column of labels, and what it is: regression, binary or multiclass (default: as the data say); once a task",
      wish,
    )
    .option("--task-column <column>", "the column that names the task of each row, where every row belongs to one")
    .option("--features <a,b,…>", "the columns to predict from (default: all others)", names)
    .addOption(
      new Option("--architecture <name>", "what tasks share: hard is one trunk and a head a task")
        .choices(architectures)
        .default("hard"),
    )
    .option("--tasks <file.csv>", "for film, a row a task of what describes it (default: which task it is)")
    .addOption(
      new Option("--hidden <sizes>", "units of the trunk's layers").argParser(sizes).default([64, 64], "64,64"),
    )
    .addOption(
      new Option("--filters <sizes>", "filters of the convolutions before them, for images")
        .argParser(sizes)
        .default([16, 32], "16,32"),
    )
    .option("--dropout <share>", "the share of the trunk's units that is dropped while training", share, 0)
    .addOption(
      new Option(
        "--balance <method>",
        "how the tasks' gradients become one (default: the sum of their losses)",
      ).choices(balancing),
    )
    .option(
      "--weights <a=1,b=2>",
      "weights of the tasks' losses; fixedWeighting and cosmos take them as theirs (default: 1 each)",
      weights,
    )
    .option("--epochs <count>", "how often every row is read", whole(1), 40)
    .option("--batch <rows>", "rows a step", whole(1), 32)
    .option("--rate <number>", "the learning rate, from which a cosine falls to 0", positive, 0.003)
    .option("--validation <share>", "the part of the rows that is measured after each epoch", fraction, 0.1)
    .option("--test <share>", "the part of the rows that is only measured in the end", fraction, 0.2)
    .option("--patience <epochs>", "stop after so many epochs without a better validation", whole(1))
    .option("--compare <with>", "single: train each task alone as well, with the same budget, for three seeds", single)
    .option("--resume", "go on where an interrupted training of the same options stopped, to the same bits")
    .option("--seed <integer>", "decides rows, parameters and their order", whole(0), 1)
    .option("--out <folder>", "where model.json, model.safetensors and report.html are written", "trained")
    .addHelpText("after", examples)
    .action(async (data: string, options: Omit<TrainOptions, "task"> & Partial<TrainOptions>, command: Command) => {
      if (options.validation + options.test >= 1)
        command.error(
          `error: --validation ${options.validation} and --test ${options.test} leave no rows to train on; their sum must be below 1`,
        );
      if (options.tasks !== undefined && options.architecture !== "film")
        command.error(`error: --tasks describes the tasks to --architecture film, not to ${options.architecture}`);
      await action(data, { ...options, task: options.task ?? [] });
    });
}

function wish(text: string, before: readonly TaskWish[] = []): TaskWish[] {
  const at = text.lastIndexOf(":");
  const end = at < 0 ? "" : text.slice(at + 1);
  const kind = kinds.find((name) => name === end);
  if (at >= 0 && kind === undefined)
    throw new InvalidArgumentError(`A task's kind is ${kinds.join(", ")}, not "${end}".`);
  const name = at < 0 ? text : text.slice(0, at);
  if (name === "") throw new InvalidArgumentError("The task has no name.");
  if (before.some((task) => task.name === name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  return [...before, kind === undefined ? { name } : { name, kind }];
}

function sizes(text: string): number[] {
  const list = text.split(",").map(Number);
  if (list.every((size) => Number.isInteger(size) && size > 0)) return list;
  throw new InvalidArgumentError("They must be whole numbers of at least 1, as 64,64.");
}

function number(text: string, holds: (value: number) => boolean, expected: string): number {
  const value = Number(text);
  if (text.trim() !== "" && holds(value)) return value;
  throw new InvalidArgumentError(expected);
}

const share = (text: string) => number(text, (v) => v >= 0 && v < 1, "It must be at least 0 and below 1.");
const fraction = (text: string) => number(text, (v) => v > 0 && v < 1, "It must lie between 0 and 1, as 0.2.");
const positive = (text: string) => number(text, (v) => v > 0 && v < 1e6, "It must be a positive number.");
const whole = (least: number) => (text: string) =>
  number(
    text,
    (v) => /^\d+$/.test(text) && v >= least && v <= 0xffffffff,
    `It must be a whole number from ${least} on.`,
  );

function single(text: string): "single" {
  if (text === "single") return text;
  throw new InvalidArgumentError("It is single: each task alone.");
}

function weights(text: string): Record<string, number> {
  const entries = text.split(",").map((part) => {
    const at = part.lastIndexOf("=");
    const value = Number(part.slice(at + 1));
    if (at < 1 || part.slice(at + 1).trim() === "" || !(value >= 0 && value < Number.POSITIVE_INFINITY))
      throw new InvalidArgumentError(`"${part}" is no weight; write task=number, with numbers of at least 0.`);
    return [part.slice(0, at).trim(), value] as const;
  });
  return Object.fromEntries(entries);
}

const examples = `
Examples:
  # two tasks in the columns of a table; what they are is found from the data
  kinship train houses.csv --task price --task sold

  # images: digits/0/*.png, digits/1/*.png, …
  kinship train digits

  # images with several labels: digits/labels.csv has the columns file,digit,odd
  kinship train digits --task digit:multiclass --task odd --balance upGrad --compare single

  # stopped with Ctrl-C? The same command goes on
  kinship train digits --resume`;
