import type { Draft, FunctionBuilder } from "./function.js";

/**
 * Writes pieces of code that do not depend on each other, a statement of each in turn, so that a processor which looks
 * only so far ahead finds operations that need not wait for one another.
 */
export function interleave(f: FunctionBuilder, pieces: readonly (() => void)[]): void {
  if (pieces.length === 1) {
    pieces[0]!();
    return;
  }
  const drafts = pieces.map((piece) => apart(f, piece));
  const texts = drafts.map(({ code }) => code.finish());
  const most = Math.max(0, ...drafts.map(({ ends }) => ends.length));
  for (let k = 0; k < most; k++)
    for (const [piece, { ends }] of drafts.entries())
      if (k < ends.length) f.code.raw(texts[piece]!.subarray(k === 0 ? 0 : ends[k - 1]!, ends[k]));
  for (const { code, free } of drafts) {
    f.code.instructions += code.instructions;
    f.draft.free.push(...free);
  }
  f.endStatement();
}

function apart(f: FunctionBuilder, piece: () => void): Draft {
  const outer = f.draft;
  const draft = f.newDraft();
  f.draft = draft;
  try {
    piece();
  } finally {
    f.draft = outer;
  }
  if (draft.ends.at(-1) !== draft.code.length) draft.ends.push(draft.code.length);
  return draft;
}
