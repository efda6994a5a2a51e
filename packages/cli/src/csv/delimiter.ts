const candidates = [",", ";", "\t"] as const;
export type Delimiter = (typeof candidates)[number];

/** The separator that occurs most often, outside quotes, in the first line; a comma when none does. */
export function detectDelimiter(start: string): Delimiter {
  const counts = new Map<string, number>();
  let quoted = false;
  for (const character of start) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "\n" || character === "\r")) {
      if (counts.size > 0) break;
    } else if (!quoted) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  let best: Delimiter = ",";
  for (const candidate of candidates) {
    if ((counts.get(candidate) ?? 0) > (counts.get(best) ?? 0)) best = candidate;
  }
  return best;
}
