import type { Structure, Tensor } from "@kinship/tensor";
import { type Context, inside } from "../layers/layer.js";
import { type Encoder, type Named, record, type Shared } from "./encoder.js";
import { joinRows, partRows } from "./rows.js";

export interface InputGroup {
  readonly x: Tensor;
  /** The tasks whose representation of these rows is needed. */
  readonly needed: readonly string[];
}

/** Representations of each group's rows. Where one serves all tasks, all rows go through the encoder at once. */
export function encodeGroups(
  encoder: Encoder,
  parameters: Shared,
  groups: readonly InputGroup[],
  context: Context,
): { readonly outputs: readonly Named<Tensor>[]; readonly state: Structure } {
  if (encoder.oneForAll && groups.length > 1) {
    const rows = groups.map(({ x }) => x);
    const task = groups[0]!.needed[0]!;
    const { outputs, state } = encoder.apply(parameters, joinRows(rows), [task], context);
    const parts = partRows(outputs[task]!, rows);
    return { outputs: groups.map(({ needed }, k) => record(needed, () => parts[k]!)), state };
  }
  let { state } = context;
  const outputs = groups.map(({ x, needed }, k) => {
    const encoded = encoder.apply(parameters, x, needed, inside(context, k, state));
    state = encoded.state;
    return encoded.outputs;
  });
  return { outputs, state };
}
