import { Tensor, type TypedArray, tensor } from "@kinship/tensor";
import { InputError } from "../errors.js";
import { type Floating, show } from "../layers/layer.js";
import type { Named } from "../models/encoder.js";
import type { Scaling, Target } from "../objective/kind.js";
import type { Objective } from "../objective/objective.js";

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
  const looked = new Set<Tensor>();
  for (const task of Object.keys(data))
    if (!tasks.includes(task))
      throw new InputError(`data: there is no task "${task}"; the tasks are ${tasks.join(", ")}`);
  for (const task of tasks) {
    const own = data[task];
    if (own && !(own.x instanceof Tensor && (own.y ?? own.x) instanceof Tensor))
      throw new InputError(`task "${task}": expected tensors as x and y; make them with tensor(…)`);
    if (!own || own.x.shape[0] === 0)
      throw new InputError(`data: task "${task}" has no rows; give it some, or leave out its head`);
    const input = model.inputs[task]!;
    if (show(own.x.shape.slice(1)) !== show(input))
      throw new InputError(`task "${task}": x has shape ${show(own.x.shape)}, expected [rows, ${input.join(", ")}]`);
    if (!own.y && !kinds[task]!.unlabelled)
      throw new InputError(`task "${task}" is a ${kinds[task]!.kind} and has no labels y`);
    if (own.y && own.y.shape[0] !== own.x.shape[0])
      throw new InputError(`task "${task}": x has ${own.x.shape[0]} rows and y has ${own.y.shape[0]}`);
    if (!looked.has(own.x)) requireFinite(task, own.x);
    looked.add(own.x);
  }
}

function requireFinite(task: string, x: Tensor): void {
  const width = x.size / x.shape[0]!;
  const values = x.toTypedArray();
  for (let k = 0; k < values.length; k++)
    if (!Number.isFinite(values[k]))
      throw new InputError(
        `task "${task}", row ${Math.floor(k / width)}, column ${k % width}: the input is ${values[k]}; correct it, or impute it and say so in another column`,
      );
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
  return [...groups].map(([x, targets]) => ({
    rows: x.shape[0]!,
    x: tensor(x, { dtype }),
    targets: withOneMask(targets),
  }));
}

/** Masks of the same shape that hide nothing are one tensor, so that a batch draws from it once. */
function withOneMask(targets: Named<Target>): Named<Target> {
  const known = new Map<string, Tensor>();
  return Object.fromEntries(
    Object.entries(targets).map(([task, { target, mask }]) => {
      if (mask.toTypedArray().some((value) => value !== 1)) return [task, { target, mask }];
      const shape = show(mask.shape);
      if (!known.has(shape)) known.set(shape, mask);
      return [task, { target, mask: known.get(shape)! }];
    }),
  );
}

/** A number that changes with any input or label (FNV-1a over their bits): training resumes on the same rows only. */
export function fingerprint(groups: readonly PreparedGroup[]): number {
  let hash = 0x811c9dc5;
  for (const { x, targets } of groups)
    for (const part of [x, ...Object.values(targets).flatMap(({ target, mask }) => [target, mask])]) {
      const { buffer, byteOffset, byteLength } = part.toTypedArray();
      const bits = new Int32Array(buffer, byteOffset, byteLength / 4);
      for (let k = 0; k < bits.length; k++) hash = Math.imul(hash ^ bits[k]!, 0x01000193);
    }
  return hash >>> 0;
}

/** A copy of some rows, in the order given. */
export function takeRows(x: Tensor, rows: ArrayLike<number>): Tensor {
  const { data, offset } = inRows(x);
  const width = rowWidth(x);
  const copy = new (data.constructor as new (size: number) => TypedArray)(rows.length * width);
  gatherRows(data, copy, rows, width, offset);
  return tensor(copy, { shape: [rows.length, ...x.shape.slice(1)] });
}

/** Numbers a row. */
export const rowWidth = (x: Tensor): number => x.size / Math.max(x.shape[0]!, 1);

/** The same values with each row's numbers one after another, rows in order: `x` itself where it is so. */
export function inRows(x: Tensor): Tensor {
  let step = 1;
  for (let axis = x.dimension - 1; axis >= 0; axis--) {
    if (x.shape[axis] !== 1 && x.stride[axis] !== step) return tensor(x.toTypedArray(), { shape: x.shape });
    step *= x.shape[axis]!;
  }
  return x;
}

/** From here on a copy as a whole is faster than number by number. */
const wide = 64;

/** Writes chosen rows, each of `width` numbers from `offset` on, to `copy`. */
export function gatherRows(
  data: TypedArray,
  copy: TypedArray,
  rows: ArrayLike<number>,
  width: number,
  offset: number,
): void {
  if (width >= wide)
    for (let k = 0; k < rows.length; k++) {
      const start = offset + rows[k]! * width;
      copy.set(data.subarray(start, start + width), k * width);
    }
  else if (width === 1) for (let k = 0; k < rows.length; k++) copy[k] = data[offset + rows[k]!]!;
  // A loop of its own for each type, which the engine compiles for it.
  else if (data instanceof Float32Array && copy instanceof Float32Array) gather32(data, copy, rows, width, offset);
  else gather(data, copy, rows, width, offset);
}

/** Four at a time: twice as fast as one by one. */
function gather32(data: Float32Array, copy: Float32Array, rows: ArrayLike<number>, width: number, offset: number) {
  for (let k = 0, to = 0; k < rows.length; k++) {
    let from = offset + rows[k]! * width;
    const end = from + width;
    for (; from + 3 < end; from += 4, to += 4) {
      copy[to] = data[from]!;
      copy[to + 1] = data[from + 1]!;
      copy[to + 2] = data[from + 2]!;
      copy[to + 3] = data[from + 3]!;
    }
    for (; from < end; from++) copy[to++] = data[from]!;
  }
}

function gather(data: TypedArray, copy: TypedArray, rows: ArrayLike<number>, width: number, offset: number) {
  for (let k = 0, to = 0; k < rows.length; k++) {
    const start = offset + rows[k]! * width;
    for (let j = start; j < start + width; j++) copy[to++] = data[j]!;
  }
}
