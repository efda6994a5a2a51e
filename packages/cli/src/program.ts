import type { MethodName } from "@kinship/mtl";
import { Command, InvalidArgumentError, Option } from "commander";
import { names } from "./names.js";
import { settle } from "./settle.js";
import { addTrain, type TrainOptions } from "./train/grammar.js";

export interface FitOptions {
  readonly task: string;
  readonly target: string;
  readonly features?: readonly string[];
  readonly tasks?: string;
  readonly parent?: string;
  /** `mean`, `learned`, `tree`, `identity`, `descriptors`, `descriptors-rbf`, or the path of a CSV file. */
  readonly kinship: string;
  readonly method: MethodName;
  readonly loss: LossName;
  /** "all" */
  readonly compare?: string;
  /** Columns of --tasks. */
  readonly descriptors?: readonly string[];
  readonly interactions?: true;
  readonly workers?: number;
  readonly test: number;
  readonly seed: number;
  readonly out: string;
}

const lossNames = ["squared", "huber", "logistic", "multinomial", "poisson"] as const;
export type LossName = (typeof lossNames)[number];

export interface PredictOptions {
  readonly out?: string;
  readonly tasks?: string;
  readonly parent?: string;
}

export interface Actions {
  fit(data: string, options: FitOptions): Promise<void>;
  predict(model: string, data: string, options: PredictOptions): Promise<void>;
  train(data: string, options: TrainOptions): Promise<void>;
}

/** The grammar of the command line. It reads arguments and calls `actions`; it does no work of its own. */
export function buildProgram(version: string, actions: Actions): Command {
  const program = new Command("kinship")
    .description("Multi-task learning from the command line: a CSV file in, a model and a report out.")
    .version(version)
    .showHelpAfterError("(kinship --help shows what can be asked for)")
    .configureHelp({ showGlobalOptions: true });

  program
    .command("fit")
    .description(
      "Learn one linear model a task, all tasks together, and say what that gained over learning each alone.",
    )
    .argument("<data.csv>", "rows of examples; one column names the task of each row")
    .requiredOption("--task <column>", "the column that names the task (the school, the patient, the shop)")
    .requiredOption("--target <column>", "the column to predict")
    .option("--features <a,b,…>", "the columns to predict from (default: all others)", names)
    .option(
      "--method <name>",
      "what is supposed of the tasks' weights: k-norm (near those of kin), trace-norm, joint-features, … " +
        "(an unknown name lists all); a sum of two, as joint-features+lasso, or a split of the weights into two parts, as " +
        "trace-norm/task-norms, with a number before a part as its weight: joint-features+0.5lasso",
      "k-norm",
    )
    .addOption(
      new Option(
        "--loss <name>",
        "what errors cost: squared, huber (numbers, some of them wild), logistic (two labels), multinomial (several), " +
          "poisson (counts)",
      )
        .choices(lossNames)
        .default("squared"),
    )
    .addOption(
      new Option("--compare <which>", "fit every method that suits the loss, on the same folds").choices(["all"]),
    )
    .addOption(new Option("--tasks <file.csv>", "one row a task; its key column has the same name as --task"))
    .addOption(new Option("--parent <column>", "the column of --tasks that names the parent of each task"))
    .addOption(
      new Option(
        "--kinship <kind>",
        "how the tasks are tied: mean (to their average), learned (as the data say), tree (to their parents), " +
          "identity (not at all), descriptors or descriptors-rbf (by --descriptors, with a linear or a Gaussian kernel), " +
          "a CSV file of edges (task,task,weight), or of the matrix K with a header of task names",
      ).default("mean", "mean, or tree with --parent"),
    )
    .option("--descriptors <a,b,…>", "the columns of --tasks that describe the tasks", names)
    .option("--interactions", "let the effect of each feature differ with the descriptors: their products are features")
    .option("--workers <count>", "threads that share the cross-validation; the numbers stay the same", workers)
    .option("--test <fraction>", "the part of each task's rows that is held out for the test", fraction, 0.75)
    .option("--seed <integer>", "which rows are held out; the same seed gives the same model", seed, 1)
    .option("--out <folder>", "where model.json and report.html are written", "report")
    .addHelpText("after", fitExamples)
    .action(async (data: string, options: FitOptions, command: Command) => {
      await actions.fit(data, settle(options, command));
    });

  program
    .command("predict")
    .description("Predict the target for new rows with a model that fit has written.")
    .argument("<model.json>", "the model")
    .argument("<new.csv>", "rows with the columns of the task and of the features")
    .option(
      "--tasks <file.csv>",
      "one row a task, for tasks that the model has not seen: their parents, or descriptors",
    )
    .option("--parent <column>", "the column of --tasks that names the parent, through which they are predicted")
    .option("--out <file.csv>", "where the predictions are written (default: standard output)")
    .addHelpText("after", predictExamples)
    .action(async (model: string, data: string, options: PredictOptions, command: Command) => {
      if (options.parent !== undefined && options.tasks === undefined) {
        command.error("error: --parent names a column of --tasks, which is missing");
      }
      await actions.predict(model, data, options);
    });

  addTrain(program, (data, options) => actions.train(data, options));

  program.addHelpText("after", programExamples);
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}

function workers(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 256) return value;
  throw new InvalidArgumentError("It must be a whole number from 1 to 256.");
}

function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < 1) return value;
  throw new InvalidArgumentError("It must lie between 0 and 1, as 0.75 for three quarters.");
}

function seed(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 0xffffffff) return value;
  throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
}

const programExamples = `
Examples:
  kinship fit students.csv --task school --target math
  kinship predict report/model.json new-students.csv --out predictions.csv

Exit codes: 0 all went well, 1 the data or a file cannot be used, 2 wrong usage, 130 interrupted.`;

const fitExamples = `
Examples:
  # every school its own model, drawn to the average of all schools
  kinship fit students.csv --task school --target math

  # drawn to the average of its sector (public or catholic) instead
  kinship fit students.csv --task school --target math --tasks schools.csv --parent sector

  # two features only, half of the rows held out, another split
  kinship fit students.csv --task school --target math --features ses,female --test 0.5 --seed 7

  # tied along the edges of a graph: a file with the columns task,task,weight
  kinship fit students.csv --task school --target math --kinship neighbours.csv

  # weights in few directions; two labels; every method that suits, compared, by two threads
  kinship fit students.csv --task school --target math --method trace-norm
  kinship fit students.csv --task school --target math --method joint-features+lasso
  kinship fit students.csv --task school --target female --loss logistic
  kinship fit students.csv --task school --target math --compare all --workers 2`;

const predictExamples = `
Examples:
  kinship predict report/model.json new-students.csv --out predictions.csv
  kinship predict report/model.json new-students.csv > predictions.csv

  # schools that the model has not seen, through their sector
  kinship predict report/model.json new-students.csv --tasks schools.csv --parent sector`;
