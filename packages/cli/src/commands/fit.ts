import { basename } from "node:path";
import { compareModels, serialize, splitWithinTasks } from "@kinship/mtl";
import { type CsvTable, readTable } from "../csv/table.js";
import { InputError } from "../errors.js";
import { checkWritableFolder, writeFiles } from "../files/atomic.js";
import { type Surroundings, wantsColour } from "../io.js";
import type { FitOptions } from "../program.js";
import { chooseKinship } from "../relations/choose.js";
import { collectReport } from "../report/collect.js";
import { headline } from "../report/headline.js";
import { plural, whole } from "../report/words.js";
import { progressDisplay } from "../show/progress.js";
import { scoreTable } from "../show/table.js";
import { version } from "../version.js";
import { spell } from "./spell.js";

/** Reads, splits, fits the three models, says what came of it, and writes the model and the report. */
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
    const { builder, learned, description, groups } = await chooseKinship(options, tasks, signal);
    const split = splitWithinTasks(data.table, { task: options.task, test: options.test, seed: options.seed });
    const comparison = await compareModels({
      table: data.table,
      schema: { task: options.task, target: options.target, numeric: data.numeric, categorical: data.categorical },
      split,
      kinship: builder,
      ...(learned && { learned }),
      seed: options.seed,
      signal,
      onProgress: (step) => progress.show(step),
    });
    progress.show({ stage: "drawing the report", done: 1, total: 1 });
    const report = collectReport(comparison, {
      source: basename(path),
      command: spell(path, options),
      version,
      task: options.task,
      target: options.target,
      features: [...data.numeric, ...data.categorical],
      trainRows: split.train.length,
      testFraction: options.test,
      seed: options.seed,
      kinship: description,
      groups,
    });
    const { renderReport } = await import("../report/render.js");
    const files = { "model.json": serialize(comparison.multi.model), "report.html": renderReport(report) };
    const [model, page] = await writeFiles(options.out, files, signal);
    progress.stop();
    const { train, test } = report.rows;
    output.write(
      `${whole(tasks.length)} ${plural(options.task)}, ${whole(train)} rows to learn from, ${whole(test)} to test on\n`,
    );
    output.write(scoreTable(report, wantsColour(output, environment)));
    output.write(`${headline(report).title}.\n\nreport: ${page}\nmodel:  ${model}\n`);
  } finally {
    progress.stop();
  }
}

function wantedColumns({ task, target, features }: FitOptions): Parameters<typeof readTable>[1] {
  const askedBy = { task: "--task", target: "--target", features: "--features" };
  const chosen = features === undefined ? {} : { features: features.map((name) => ({ name })) };
  return { task, target, askedBy, ...chosen };
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
