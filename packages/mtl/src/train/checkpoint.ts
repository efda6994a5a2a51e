import type { Structure } from "@kinship/tensor";
import { InputError } from "../errors.js";
import type { Json } from "../layers/layer.js";
import { fillFromArchive, readArchive, writeArchive } from "./archive.js";
import type { Position } from "./progress.js";
import type { TrainingState } from "./state.js";

/** Everything that decides how training goes on, between two steps. */
export interface Snapshot {
  readonly state: TrainingState;
  /** Parameters and layers at the best validation so far; those of the state before any. */
  readonly best: Pick<TrainingState, "parameters" | "layers">;
  readonly position: Position;
}

/** What must be the same for a checkpoint to be resumed. */
export type Settings = { readonly [name: string]: Json };

const format = "kinship checkpoint 1";

export function writeCheckpoint({ state, best, position }: Snapshot, settings: Settings): Uint8Array {
  const tensors = { state, best } as unknown as Structure;
  return writeArchive(tensors, { format, settings, position: encodeNumbers(position) });
}

/** @throws InputError for other bytes, and for a checkpoint of training with other settings, which it names. */
export function readCheckpoint(bytes: Uint8Array, like: Snapshot, settings: Settings): Snapshot {
  const archive = readArchive("resume", bytes);
  const saved = archive.description as { format?: string; settings?: Settings; position?: Json };
  if (saved.format !== format)
    throw new InputError(`resume: expected a checkpoint ("${format}"), found "${saved.format}"`);
  for (const [name, value] of Object.entries(settings)) {
    const [before, now] = [JSON.stringify(saved.settings?.[name]), JSON.stringify(value)];
    if (before !== now)
      throw new InputError(`resume: ${name} was ${before} when the checkpoint was written and is ${now} now`);
  }
  return {
    state: fillFromArchive("resume", archive, "state", like.state as unknown as Structure) as unknown as TrainingState,
    best: fillFromArchive("resume", archive, "best", like.best as unknown as Structure) as unknown as Snapshot["best"],
    position: decodeNumbers(saved.position!) as unknown as Position,
  };
}

/** JSON has no infinities, no not-a-number and no −0; a history may. */
function encodeNumbers(value: unknown): Json {
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { number: Object.is(value, -0) ? "-0" : String(value) };
  if (Array.isArray(value)) return value.map(encodeNumbers);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, encodeNumbers(entry)]));
  return value as Json;
}

function decodeNumbers(value: Json): unknown {
  if (Array.isArray(value)) return value.map(decodeNumbers);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Record<string, Json>);
  if (entries.length === 1 && entries[0]![0] === "number" && typeof entries[0]![1] === "string")
    return Number(entries[0]![1]);
  return Object.fromEntries(entries.map(([name, entry]) => [name, decodeNumbers(entry)]));
}
