import { concat, split, type Tensor } from "@kinship/tensor";

/** All rows in one tensor, in order. */
export const joinRows = (parts: readonly Tensor[]): Tensor => (parts.length === 1 ? parts[0]! : concat(parts));

/** Taken apart again, as `parts` were joined. */
export const partRows = (all: Tensor, parts: readonly Tensor[]): readonly Tensor[] =>
  parts.length === 1
    ? [all]
    : split(
        all,
        parts.map(({ shape }) => shape[0]!),
      );
