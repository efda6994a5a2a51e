import { type Tensor, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { type Floating, show } from "../layers/layer.js";
import type { Named } from "../models/encoder.js";
import type { Scaling, Target } from "../objective/kind.js";
import type { Batch, Objective } from "../objective/objective.js";

/** One task's rows. Tasks given the very same `x` share their rows, and the encoder sees them once. */
export interface TaskRows {
  /** [rows, …] */
  readonly x: Tensor;
  /** [rows] or [rows, outputs]; NaN where a label is missing. A clustering needs none. */
  readonly y?: Tensor;
}

export type Dataset = Named<TaskRows>;

/** The same rows for several tasks. @example sharedRows(x, { price: y1, sold: y2 }) */
export const sharedRows = (x: Tensor, labels: Named<Tensor | undefined>): Dataset =>
  Object.fromEntries(Object.entries(labels).map(([task, y]) => [task, y ? { x, y } : { x }]));

/** Rows that several tasks share, ready to be drawn from. */
export interface PreparedGroup {
  readonly rows: number;
  readonly x: Tensor;
  readonly targets: Named<Target>;
}

/** @throws InputError that names the task and what is wrong with its rows. */
export function checkDataset(objective: Objective, data: Dataset): void {
  const { model, tasks, kinds } = objective;
  for (const task of Object.keys(data))
    if (!tasks.includes(task))
      throw new InputError(`data: there is no task "${task}"; the tasks are ${tasks.join(", ")}`);
  for (const task of tasks) {
    const own = data[task];
    if (!own) throw new InputError(`data: task "${task}" has no rows; give it some, or leave out its head`);
    if (show(own.x.shape.slice(1)) !== show(model.input) || own.x.shape[0] === 0)
      throw new InputError(
        `task "${task}": x has shape ${show(own.x.shape)}, expected [rows, ${model.input.join(", ")}]`,
      );
    if (!own.y && !kinds[task]!.unlabelled)
      throw new InputError(`task "${task}" is a ${kinds[task]!.kind} and has no labels y`);
    if (own.y && own.y.shape[0] !== own.x.shape[0])
      throw new InputError(`task "${task}": x has ${own.x.shape[0]} rows and y has ${own.y.shape[0]}`);
    requireFinite(task, own.x);
  }
}

function requireFinite(task: string, x: Tensor): void {
  const width = x.size / x.shape[0]!;
  x.toTypedArray().forEach((value, k) => {
    if (!Number.isFinite(value))
      throw new InputError(
        `task "${task}", row ${Math.floor(k / width)}, column ${k % width}: the input is ${value}; correct it, or impute it and say so in another column`,
      );
  });
}

/** Labels in float64; where a task needs none and is given none, all missing. */
export const labelsOf = ({ x, y }: TaskRows): Tensor =>
  y ? tensor(y, { dtype: "float64" }) : tensor(new Float64Array(x.shape[0]!).fill(Number.NaN));

/** What each task's kind learns from the training labels. */
export const fitScalings = (objective: Objective, data: Dataset): Named<Scaling> =>
  Object.fromEntries(objective.tasks.map((task) => [task, objective.kinds[task]!.fit(task, labelsOf(data[task]!))]));

/** Tasks with the very same `x` together, their labels as the losses read them. */
export function prepare(
  { model, tasks, kinds }: Objective,
  data: Dataset,
  scalings: Named<Scaling>,
  dtype: Floating,
): PreparedGroup[] {
  const groups = new Map<Tensor, Record<string, Target>>();
  for (const task of tasks) {
    const own = data[task]!;
    const targets = groups.get(own.x) ?? {};
    targets[task] = kinds[task]!.encode(task, labelsOf(own), model.outputs[task]!, scalings[task]!, dtype);
    groups.set(own.x, targets);
  }
  return [...groups].map(([x, targets]) => ({ rows: x.shape[0]!, x: tensor(x, { dtype }), targets }));
}

/** Chosen rows of each group. */
export const batchOf = (groups: readonly PreparedGroup[], rows: readonly Int32Array[]): Batch =>
  groups.map(({ x, targets }, g) => ({
    x: takeRows(x, rows[g]!),
    targets: Object.fromEntries(
      Object.entries(targets).map(([task, { target, mask }]) => [
        task,
        { target: takeRows(target, rows[g]!), mask: takeRows(mask, rows[g]!) },
      ]),
    ),
  }));

/** A copy of some rows, in the order given. */
export function takeRows(x: Tensor, rows: ArrayLike<number>): Tensor {
  const width = x.size / Math.max(x.shape[0]!, 1);
  const all = x.stride[0] === width || x.dimension === 1 ? x : tensor(x.toTypedArray(), { shape: x.shape });
  const contiguous = x.dimension > 1 || x.stride[0] === 1 ? all : tensor(x.toTypedArray());
  const { data, offset } = contiguous;
  const out = data.slice(0, 0).constructor as new (size: number) => typeof data;
  const copy = new out(rows.length * width);
  for (let k = 0; k < rows.length; k++) {
    const start = offset + rows[k]! * width;
    for (let j = 0; j < width; j++) copy[k * width + j] = data[start + j]!;
  }
  return tensor(copy, { shape: [rows.length, ...x.shape.slice(1)] });
}
