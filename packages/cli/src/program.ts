import { Command, InvalidArgumentError, Option } from "commander";

export interface FitOptions {
  readonly task: string;
  readonly target: string;
  readonly features?: readonly string[];
  readonly tasks?: string;
  readonly parent?: string;
  /** `mean`, `learned`, `tree`, `identity`, or the path of a CSV file. */
  readonly kinship: string;
  readonly test: number;
  readonly seed: number;
  readonly out: string;
}

export interface PredictOptions {
  readonly out?: string;
  readonly tasks?: string;
  readonly parent?: string;
}

export interface Actions {
  fit(data: string, options: FitOptions): Promise<void>;
  predict(model: string, data: string, options: PredictOptions): Promise<void>;
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
    .addOption(new Option("--tasks <file.csv>", "one row a task; its key column has the same name as --task"))
    .addOption(new Option("--parent <column>", "the column of --tasks that names the parent of each task"))
    .addOption(
      new Option(
        "--kinship <kind>",
        "how the tasks are tied: mean (to their average), learned (as the data say), tree (to their parents), " +
          "identity (not at all), " +
          "a CSV file of edges (task,task,weight), or of the matrix K with a header of task names",
      ).default("mean", "mean, or tree with --parent"),
    )
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
    .option("--tasks <file.csv>", "one row a task, for tasks that the model has not seen")
    .option("--parent <column>", "the column of --tasks that names the parent, through which they are predicted")
    .option("--out <file.csv>", "where the predictions are written (default: standard output)")
    .addHelpText("after", predictExamples)
    .action(async (model: string, data: string, options: PredictOptions, command: Command) => {
      if ((options.tasks === undefined) !== (options.parent === undefined)) {
        command.error("error: --tasks and --parent go together: a file, and its column of parents");
      }
      await actions.predict(model, data, options);
    });

  program.addHelpText("after", programExamples);
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}

/** Options that make sense only together. */
function settle(options: FitOptions, command: Command): FitOptions {
  const chosen = command.getOptionValueSource("kinship") !== "default";
  const kinship = !chosen && options.parent !== undefined ? "tree" : options.kinship;
  const usage = (message: string): never => command.error(`error: ${message}`);
  if (kinship === "tree" && options.parent === undefined) usage("--kinship tree needs --parent (and --tasks)");
  if (options.parent !== undefined && options.tasks === undefined) {
    usage("--parent names a column of --tasks, which is missing");
  }
  if (options.tasks !== undefined && options.parent === undefined) {
    usage("--tasks is read for the parents of the tasks: name their column with --parent");
  }
  if (options.parent !== undefined && kinship !== "tree") usage(`--parent goes with --kinship tree, not ${kinship}`);
  if (!["mean", "learned", "tree", "identity"].includes(kinship) && !/\.(csv|tsv|txt)$/i.test(kinship)) {
    usage(`--kinship is mean, learned, tree, identity or a CSV file, not "${kinship}"`);
  }
  if (options.task === options.target) usage(`--task and --target are the same column, "${options.task}"`);
  for (const name of [options.task, options.target]) {
    if (options.features?.includes(name)) usage(`--features holds "${name}", which is the task or the target`);
  }
  return { ...options, kinship };
}

function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.includes("")) throw new InvalidArgumentError("A name is empty.");
  if (new Set(list).size < list.length) throw new InvalidArgumentError("A name is given twice.");
  return list;
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
  kinship fit students.csv --task school --target math --kinship neighbours.csv`;

const predictExamples = `
Examples:
  kinship predict report/model.json new-students.csv --out predictions.csv
  kinship predict report/model.json new-students.csv > predictions.csv

  # schools that the model has not seen, through their sector
  kinship predict report/model.json new-students.csv --tasks schools.csv --parent sector`;
