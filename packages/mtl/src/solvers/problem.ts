import { matrixOf, vectorOf } from "../data/arrays.js";
import type { MatrixLike, Task, VectorLike } from "../data/tasks.js";
import { InputError } from "../errors.js";
import { requireSquares, requireWeights } from "../linear/limits.js";
import type { Loss } from "../losses/loss.js";

/**
 * A task of a regularized fit: y may hold NaN where a label is missing. Tasks given the very same `x` share it: it is
 * read, checked and multiplied once.
 */
export interface LabelledTask extends Task {
  /** s ≥ 0, one a row; 1 unless given. The loss of a row counts α_t s_i times. */
  readonly sampleWeights?: VectorLike;
}

/** The rows of one task that have a label and a weight. */
export interface Block {
  /** [rows, features]; one array for all tasks that share it. */
  readonly x: Float64Array;
  readonly rows: number;
  readonly y: Float64Array;
  /** α_t s_i */
  readonly weights: Float64Array;
  readonly loss: Loss;
  /** The first task with the same x and weights in proportion to these, `share` times as large. */
  readonly twin: number;
  readonly share: number;
}

export interface Problem {
  readonly names: readonly string[];
  readonly features: number;
  /** Scores a row, the same for all tasks. */
  readonly outputs: number;
  readonly blocks: readonly Block[];
}

interface Source {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Inputs that were read and checked: problems that differ in labels only, as folds do, share them. */
export type Sources = Map<MatrixLike, Source>;

/**
 * @throws InputError that names the task (row, column) for: no task, two of one name, lengths or widths that differ, an
 * input that is not finite, a label the loss does not take, no labelled row, a weight that is negative or not finite,
 * weights that are all zero or all far from 1, and values whose squares leave float64's range.
 */
export function problemOf(
  tasks: readonly LabelledTask[],
  loss: Loss,
  caller: string,
  sources: Sources = new Map(),
): Problem {
  if (tasks.length === 0) throw new InputError(`${caller}: there are no tasks`);
  const blocks: Block[] = [];
  const leaders = new Map<Source, Block[]>();
  const seen = new Set<string>();
  for (const [t, task] of tasks.entries()) {
    const what = `${caller}: task "${task.name}"`;
    if (seen.has(task.name)) throw new InputError(`${what} is given twice; rename or merge them`);
    seen.add(task.name);
    let source = sources.get(task.x);
    if (source === undefined) {
      source = matrixOf(task.x, `${what}, x`);
      requireFinite(source, `${what}, x`);
      sources.set(task.x, source);
    }
    const labels = labelsOf(task, source, loss, what);
    const kin = leaders.get(source) ?? [];
    const block = blockOf(source, labels, loss, t, kin);
    if (block.twin === t) leaders.set(source, [...kin, block]);
    blocks.push(block);
  }
  const features = sources.get(tasks[0]!.x)!.columns;
  for (const { x, name } of tasks) {
    const [first, columns] = [tasks[0]!.name, sources.get(x)!.columns];
    if (columns !== features) {
      throw new InputError(
        `${caller}: tasks differ in width, "${first}" has ${features} features and "${name}" has ${columns}`,
      );
    }
  }
  if (features === 0) throw new InputError(`${caller}: x has no columns; give at least one feature`);
  requireModerate(blocks, caller);
  return { names: tasks.map(({ name }) => name), features, outputs: loss.outputs, blocks };
}

function requireFinite({ data, columns }: Source, what: string): void {
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]!)) {
      throw new InputError(
        `${what}, row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1} is ${data[i]}; drop or fill it`,
      );
    }
    largest = Math.max(largest, Math.abs(data[i]!));
  }
  requireSquares(largest, what);
}

function requireModerate(blocks: readonly Block[], caller: string): void {
  let heaviest = 0;
  for (const { weights } of blocks) for (const weight of weights) heaviest = Math.max(heaviest, weight);
  requireWeights(heaviest, caller);
}

interface Labels {
  readonly y: Float64Array;
  readonly weights: Float64Array;
  readonly used: Int32Array;
}

function labelsOf(task: LabelledTask, { rows }: Source, loss: Loss, what: string): Labels {
  const y = vectorOf(task.y, `${what}, y`);
  if (y.length !== rows) throw new InputError(`${what} has ${rows} rows of x and ${y.length} of y`);
  const alpha = task.weight ?? 1;
  if (!(alpha > 0 && Number.isFinite(alpha))) {
    throw new InputError(`${what} has the weight ${alpha}; it must be a finite number > 0`);
  }
  const weights = new Float64Array(rows).fill(alpha);
  if (task.sampleWeights !== undefined) {
    const given = vectorOf(task.sampleWeights, `${what}, sampleWeights`);
    if (given.length !== rows) throw new InputError(`${what} has ${rows} rows and ${given.length} sampleWeights`);
    for (let i = 0; i < rows; i++) {
      if (!(given[i]! >= 0 && Number.isFinite(given[i]!))) {
        throw new InputError(`${what}, row ${i + 1} has the sample weight ${given[i]}; it must be a finite number ≥ 0`);
      }
      weights[i] = alpha * given[i]!;
    }
  }
  const used: number[] = [];
  let labelled = 0;
  let largest = 0;
  for (let i = 0; i < rows; i++) {
    if (Number.isNaN(y[i]!)) continue;
    if (!loss.accepts(y[i]!)) {
      throw new InputError(`${what}, row ${i + 1} has the label ${y[i]}; the ${loss.name} loss takes ${loss.labels}`);
    }
    labelled++;
    largest = Math.max(largest, Math.abs(y[i]!));
    if (weights[i]! > 0) used.push(i);
  }
  if (labelled === 0)
    throw new InputError(`${what} has no row with a label; drop it, and predict it as an unseen task`);
  if (used.length === 0) throw new InputError(`${what} has no row of weight > 0; drop the task or weigh its rows`);
  requireSquares(largest, `${what}, y`);
  return { y, weights, used: Int32Array.from(used) };
}

function blockOf(source: Source, { y, weights, used }: Labels, loss: Loss, t: number, kin: readonly Block[]): Block {
  const own = { y: pick(y, used), weights: pick(weights, used), rows: used.length, loss };
  for (const other of kin) {
    const share = own.weights[0]! / other.weights[0]!;
    if (sameRows(own.weights, other.weights, share, used, source, other)) {
      return { ...own, x: other.x, twin: other.twin, share };
    }
  }
  const { data, columns, rows } = source;
  if (used.length === rows) return { ...own, x: data, twin: t, share: 1 };
  const x = new Float64Array(used.length * columns);
  for (const [i, row] of used.entries()) x.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  return { ...own, x, twin: t, share: 1 };
}

function sameRows(
  weights: Float64Array,
  others: Float64Array,
  share: number,
  used: Int32Array,
  { data, columns, rows }: Source,
  { x, rows: count }: Block,
): boolean {
  if (weights.length !== count) return false;
  for (let i = 0; i < count; i++) if (weights[i] !== share * others[i]!) return false;
  if (used.length === rows) return x === data;
  return used.every((row, i) => {
    for (let j = 0; j < columns; j++) if (data[row * columns + j] !== x[i * columns + j]) return false;
    return true;
  });
}

function pick(values: Float64Array, rows: Int32Array): Float64Array {
  return rows.length === values.length ? values : Float64Array.from(rows, (row) => values[row]!);
}
