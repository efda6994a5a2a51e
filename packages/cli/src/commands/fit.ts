import { basename } from "node:path";
import {
  type Comparison,
  compareModels,
  methodOf,
  type Schema,
  type Split,
  serialize,
  splitWithinTasks,
  suitableMethods,
} from "@kinship/mtl";
import { type CsvTable, readTable } from "../csv/table.js";
import { InputError, inFileAsync } from "../errors.js";
import { checkWritableFolder, writeFiles } from "../files/atomic.js";
import { type Surroundings, wantsColour } from "../io.js";
import { isClassification, labelsOf, lossFor } from "../methods/labels.js";
import { withWorkers } from "../methods/workers.js";
import type { FitOptions } from "../program.js";
import { type ChosenKinship, chooseKinship } from "../relations/choose.js";
import { readDescriptors } from "../relations/descriptors.js";
import { collectReport } from "../report/collect.js";
import { headline } from "../report/headline.js";
import { collectNorms } from "../report/norms.js";
import { plural, whole } from "../report/words.js";
import { type ProgressDisplay, progressDisplay } from "../show/progress.js";
import { rankingTable, scoreTable } from "../show/table.js";
import { version } from "../version.js";
import { spell } from "./spell.js";

/** Reads, splits, fits the models, says what came of it, and writes the best multi-task model and the report. */
export async function fit(path: string, options: FitOptions, surroundings: Surroundings): Promise<void> {
  const { output, error, signal, environment } = surroundings;
  const progress = progressDisplay(error);
  try {
    await checkWritableFolder(options.out);
    progress.show({ stage: `reading ${basename(path)}`, done: 0, total: 1 });
    const data = await readTable(path, wantedColumns(options), signal);
    const rowsOf = rowsByTask(data);
    requireTasks(data, rowsOf, options.task);
    const tasks = [...rowsOf.keys()];
    const kinship = await chooseKinship(options, tasks, signal);
    const split = splitWithinTasks(data.table, { task: options.task, test: options.test, seed: options.seed });
    const comparison = await compare(data, split, kinship, options, progress, signal);
    const norms = await collectNorms(comparison, (step) => progress.show(step), signal);
    progress.show({ stage: "drawing the report", done: 1, total: 1 });
    const report = collectReport(comparison, {
      source: basename(path),
      command: spell(path, options),
      version,
      task: options.task,
      target: options.target,
      features: [...data.numeric, ...data.categorical, ...((options.interactions && options.descriptors) ?? [])],
      trainRows: split.train.length,
      testFraction: options.test,
      seed: options.seed,
      kinship: kinship.description,
      groups: kinship.groups,
      compared: options.compare !== undefined,
      norms,
    });
    const { renderReport } = await import("../report/render.js");
    const files = { "model.json": serialize(comparison.multi.model), "report.html": renderReport(report) };
    const [model, page] = await writeFiles(options.out, files, signal);
    progress.stop();
    const { train, test } = report.rows;
    output.write(
      `${whole(tasks.length)} ${plural(options.task)}, ${whole(train)} rows to learn from, ${whole(test)} to test on\n`,
    );
    const colour = wantsColour(output, environment);
    output.write(report.ranking === null ? scoreTable(report, colour) : rankingTable(report, report.ranking, colour));
    output.write(`${headline(report).title}.\n\nreport: ${page}\nmodel:  ${model}\n`);
    const { remedy } = comparison.multi.model.certificate;
    if (remedy !== null) error.write(`warning: the fit did not converge: ${remedy}\n`);
  } finally {
    progress.stop();
  }
}

async function compare(
  data: CsvTable,
  split: Split,
  kinship: ChosenKinship,
  options: FitOptions,
  progress: ProgressDisplay,
  signal: AbortSignal,
): Promise<Comparison> {
  const labels = labelsOf(data, options.task, options.target, options.loss);
  const loss = lossFor(options.loss, data, split, labels);
  const known = {
    kinship: kinship.builder,
    ...(kinship.edges && { edges: kinship.edges }),
    ...(methodOf(options.method).needs?.includes("order") && { order: inOrder(rowsByTask(data).keys()) }),
  };
  const methods =
    options.compare === undefined
      ? [options.method]
      : suitableMethods(loss, known).filter((name) => name !== "single-task" && name !== "pooled");
  const descriptors =
    options.interactions === undefined
      ? null
      : await readDescriptors(
          options.tasks!,
          options.task,
          options.descriptors!.map((name) => ({ name })),
          { task: "--task", features: "--descriptors" },
          signal,
        );
  const schema: Schema = {
    ...{ task: options.task, target: options.target, numeric: data.numeric, categorical: data.categorical },
    ...(labels && { labels }),
    ...(descriptors && { descriptors }),
  };
  return inFileAsync(data.path, () =>
    withWorkers(options.workers, signal, (workers) =>
      compareModels({
        ...{ table: data.table, schema, split, loss, methods, ...known, ...workers, seed: options.seed, signal },
        onProgress: (step) => progress.show(step),
      }),
    ),
  );
}

/** Tasks one after another: by number, where all are numbers; else as the file has them. */
function inOrder(tasks: Iterable<string>): string[] {
  const names = [...tasks];
  const numeric = names.every((name) => name.trim() !== "" && Number.isFinite(Number(name)));
  return numeric ? names.sort((a, b) => Number(a) - Number(b)) : names;
}

function wantedColumns({ task, target, features, loss }: FitOptions): Parameters<typeof readTable>[1] {
  const askedBy = { task: "--task", target: "--target", features: "--features" };
  const chosen = features === undefined ? {} : { features: features.map((name) => ({ name })) };
  return { task, target, targetKind: isClassification(loss) ? "label" : "number", askedBy, ...chosen };
}

function rowsByTask({ table }: CsvTable): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  const tasks = table.columns[0]!.values;
  for (let row = 0; row < table.rows; row += 1) {
    const task = String(tasks[row]);
    const known = rows.get(task);
    if (known === undefined) rows.set(task, [row]);
    else known.push(row);
  }
  return rows;
}

/** There must be something to share, and something of each task to learn from and to test. */
function requireTasks({ path, lines }: CsvTable, rowsOf: ReadonlyMap<string, readonly number[]>, column: string): void {
  if (rowsOf.size < 2) {
    const [only] = rowsOf.keys();
    throw new InputError(
      `${path}: column "${column}" holds one task only (${only}); multi-task learning needs at least two`,
    );
  }
  for (const [task, rows] of rowsOf) {
    if (rows.length > 1) continue;
    throw new InputError(
      `${path}, line ${lines[rows[0]!]}: ${column} ${task} has one row only, and needs at least two, ` +
        "one to learn from and one to test on; remove it, or merge it with another",
    );
  }
}
