import { sizeOf } from "../layout.js";
import { type Instruction, nodesOf, type Scalar } from "../scalar/scalar.js";
import { isBrief } from "./emit/instructions.js";
import type { Program, Value } from "./program.js";

type Apply = Value & { readonly kind: "apply" };

/** The values that read each value, views seen through; −1 stands for being an output. */
export function readersOf({ values, outputs }: Program): readonly (readonly number[])[] {
  const readers = values.map(() => new Set<number>());
  for (const k of outputs) readers[k].add(-1);
  for (let k = values.length - 1; k >= 0; k--) {
    const value = values[k];
    if (value.kind !== "apply") continue;
    for (const input of value.inputs) {
      if (value.primitive.form.kind === "view") for (const reader of readers[k]) readers[input].add(reader);
      else readers[input].add(k);
    }
  }
  return readers.map((set) => [...set]);
}

/** How many elements a loop over the value's inputs visits. */
function visits(value: Apply, values: readonly Value[]): number {
  const { form } = value.primitive;
  if (form.kind === "map") return sizeOf(value.shape);
  return Math.max(...value.inputs.map((input) => sizeOf(values[input].shape)));
}

/** What the machine that the kernels are for can compute. */
export type Supports = (instruction: Instruction) => boolean;

export const supportsBody = (body: Scalar, supports: Supports): boolean =>
  nodesOf(body).every((e) => e.kind !== "operation" || supports(e.instruction));

function isLoop(value: Value, supports: Supports): value is Apply {
  if (value.kind !== "apply") return false;
  const { form } = value.primitive;
  return form.kind === "reduce" || form.kind === "place" || (form.kind === "map" && supportsBody(form.body, supports));
}

/** What computing costs, in additions: a routine is a score of instructions. */
const costOf = (body: Scalar): number =>
  nodesOf(body).reduce(
    (total, e) => total + (e.kind !== "operation" ? 0 : isBrief(e.instruction) ? 1 : routineCost),
    0,
  );

const routineCost = 20;
/** Computed again by every reader rather than stored, where that is at most so many operations. */
const cheap = 2;
/** A body longer than this is stored all the same: registers are few. */
const longest = 200;

/**
 * Which elementwise values are computed inside the loops that read them, and never stored: those with one reader that
 * visits each of their elements once, and those that are cheaper to compute again than to store and load.
 */
export function inlinedValues(program: Program, supports: Supports): ReadonlySet<number> {
  const { values } = program;
  const readers = readersOf(program);
  const inlined = new Set<number>();
  const weights: number[] = [];
  values.forEach((value, k) => {
    weights[k] = 0;
    if (value.kind !== "apply") return;
    const { form } = value.primitive;
    if (form.kind === "view") weights[k] = weights[value.inputs[0]];
    if (form.kind !== "map" || !supportsBody(form.body, supports)) return;
    const weight = value.inputs.reduce((total, input) => total + weights[input], costOf(form.body));
    const suits = readers[k].every((reader) => {
      if (reader < 0) return false;
      const user = values[reader];
      return isLoop(user, supports) && visits(user, values) <= sizeOf(value.shape);
    });
    if (suits && weight <= (readers[k].length === 1 ? longest : cheap)) {
      inlined.add(k);
      weights[k] = weight;
    }
  });
  return inlined;
}
