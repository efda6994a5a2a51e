import { leaves, mapLeaves, type Structure, type Tensor, type TypedArray, tensor } from "@kinship/tensor";
import type { Target } from "../objective/kind.js";
import type { Batch, BatchGroup } from "../objective/objective.js";
import { gatherRows, inRows, type PreparedGroup, rowWidth } from "./data.js";

export interface Draw {
  /** Chosen rows of each group, as a batch that lasts until the next is drawn. */
  (rows: readonly Int32Array[]): Batch;
  /** The same structure, apart from the batch's memory: for what is to outlast it. */
  detached<S extends Structure>(kept: S): S;
}

/**
 * Batches of so many rows of each group, always in the same memory: a step reads what it computes with, and new memory
 * for every step costs more than the copying. What stands in a group twice is drawn once.
 */
export function createDraw(groups: readonly PreparedGroup[], counts: readonly number[]): Draw {
  const drawn = groups.map((group, g) => drawnGroup(group, counts[g]!));
  const batch = drawn.map(({ batch }) => batch);
  const buffers = new Set(leaves("train", batch as unknown as Structure).map(({ data }) => data.buffer));
  const draw = (rows: readonly Int32Array[]): Batch => {
    for (let g = 0; g < drawn.length; g++) for (const fill of drawn[g]!.fills) fill(rows[g]!);
    return batch;
  };
  const detached = <S extends Structure>(kept: S): S =>
    mapLeaves("train", kept, (x) => (buffers.has(x.data.buffer) ? tensor(x.toTypedArray(), { shape: x.shape }) : x));
  return Object.assign(draw, { detached });
}

type Fill = (rows: Int32Array) => void;

function drawnGroup({ x, targets }: PreparedGroup, count: number): { batch: BatchGroup; fills: readonly Fill[] } {
  const fills: Fill[] = [];
  const places = new Map<Tensor, Tensor>();
  const placeOf = (from: Tensor): Tensor => {
    const known = places.get(from);
    if (known) return known;
    const width = rowWidth(from);
    const { data, offset } = inRows(from);
    const copy = new (data.constructor as new (size: number) => TypedArray)(count * width);
    fills.push((rows) => gatherRows(data, copy, rows, width, offset));
    const place = tensor(copy, { shape: [count, ...from.shape.slice(1)] });
    places.set(from, place);
    return place;
  };
  const own: Record<string, Target> = {};
  for (const [task, { target, mask }] of Object.entries(targets))
    own[task] = { target: placeOf(target), mask: placeOf(mask) };
  return { batch: { x: placeOf(x), targets: own }, fills };
}
