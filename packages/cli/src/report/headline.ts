import type { ReportData, Verdict } from "./data.js";
import { count, decimal, percent, plural, singular, whole } from "./words.js";

export interface Headline {
  /** The finding in one sentence. */
  readonly title: string;
  /** What stands behind it. */
  readonly summary: string;
  readonly verdict: Verdict;
}

/** Says in words what the test found, whichever way it went. */
export function headline(data: ReportData): Headline {
  const [single, pooled, multi] = data.methods;
  const { verdict } = data.gains.overall;
  const tasks = count(data.gains.perTask.length, data.task);
  const change = Math.abs(1 - multi.error / single.error);
  const size = percent(change, change < 0.1 ? 1 : 0);
  const title = {
    helped: `Learned together, ${tasks} are predicted with ${size} less error than each alone`,
    hurt: `Learned together, ${tasks} are predicted with ${size} more error than each alone`,
    unclear: `Learning ${tasks} together made no clear difference`,
  }[verdict];
  const errors =
    `On ${whole(data.rows.test)} rows that no model had seen, the ${data.error.name} of the predicted ${data.target} ` +
    `is ${decimal(multi.error)} together, ${decimal(single.error)} with a model for each ${singular(data.task)} alone ` +
    `and ${decimal(pooled.error)} with one model for all.`;
  return { title, summary: `${errors} ${againstPooled(pooled.error, multi.error, data.task)}`, verdict };
}

/** Beating single-task models is no merit where ignoring the tasks altogether does as well. */
function againstPooled(pooled: number, multi: number, task: string): string {
  const change = 1 - multi / pooled;
  const tasks = plural(task);
  if (Math.abs(change) < 0.005) {
    return `Ignoring the ${tasks} altogether does as well here: what can be predicted hardly differs between them.`;
  }
  return change > 0
    ? `So the ${tasks} differ, and yet have something to learn from each other.`
    : `Ignoring the ${tasks} altogether does better here (by ${percent(-change)}): what ties them more may help.`;
}

/** How many tasks clearly gained, clearly lost, or did neither. */
export function tally(data: ReportData): Readonly<Record<Verdict, number>> {
  const counts = { helped: 0, hurt: 0, unclear: 0 };
  for (const { verdict } of data.gains.perTask) counts[verdict] += 1;
  return counts;
}
