import { conflictRate, type GradientRecord, gradientCosines, gramianAffinity, groupTasks } from "@kinship/mtl";
import { html, type Markup } from "../html.js";
import { fixed } from "../words.js";
import { curves, type NamedCurve } from "./curves.js";
import type { TrainingReport } from "./data.js";
import { matrixChart } from "./matrix.js";

/** More pairs than this are summed up. */
const mostPairs = 8;

interface Tracked {
  readonly epoch: number;
  readonly gradients: GradientRecord;
}

/** The epochs at which every gradient could be measured. */
export const trackedEpochs = ({ history }: TrainingReport): readonly Tracked[] =>
  history.flatMap(({ epoch, gradients }) => (gradients?.gramian.every(Number.isFinite) ? [{ epoch, gradients }] : []));

/** How the tasks' gradients point to each other as training goes on: each pair, or with many tasks least, mean and most. */
export function cosineChart({ tasks }: TrainingReport, tracked: readonly Tracked[]): Markup {
  const count = tasks.length;
  const pairs = tasks.flatMap((a, i) =>
    tasks.slice(i + 1).map((b, j) => ({ name: `${a.name} and ${b.name}`, at: i * count + i + 1 + j })),
  );
  const found = tracked.map(({ epoch, gradients }) => {
    const cosines = gradientCosines(Float64Array.from(gradients.gramian));
    return { epoch, values: pairs.map(({ at }) => cosines[at]!) };
  });
  const over = (name: string, value: (values: readonly number[]) => number): NamedCurve => ({
    name,
    points: found.map(({ epoch, values }) => ({ epoch, value: value(values) })),
  });
  const shown =
    pairs.length <= mostPairs
      ? pairs.map(({ name }, k) => over(name, (values) => values[k]!))
      : [
          over("the best pair", (values) => Math.max(...values)),
          over("mean of all pairs", (values) => values.reduce((a, b) => a + b, 0) / values.length),
          over("the worst pair", (values) => Math.min(...values)),
        ];
  return curves("Cosines between the tasks' gradients over the epochs", "↑ cosine", shown, true);
}

/** The share of pairs that conflicted, over all epochs. */
export const conflictsOf = (tracked: readonly Tracked[]): number =>
  tracked.reduce((sum, { gradients }) => sum + conflictRate(Float64Array.from(gradients.gramian)), 0) / tracked.length;

/** Mean over the epochs; the last ones alone are noise where tasks are nearly learned. */
export function meanAffinity(tracked: readonly Tracked[]): Float64Array {
  const total = tracked
    .map(({ gradients }) => gramianAffinity(gradients.gramian, gradients.losses))
    .reduce((a, b) => a.map((value, k) => value + b[k]!));
  return total.map((value) => value / tracked.length);
}

export function affinityChart({ tasks }: TrainingReport, affinity: Float64Array): Markup {
  const names = tasks.map(({ name }) => name);
  const most = Math.max(...affinity.map(Math.abs)) || 1;
  return matrixChart("How a step for one task changes the loss of another", names, names, affinity, {
    strongest: most,
    rows: "a step for",
    columns: "helps",
    text: (value) => fixed(value / most, 2),
  });
}

/** Groups that would train best together, for each number of groups that separates some. */
export function groupings({ tasks }: TrainingReport, affinity: Float64Array): Markup {
  const most = Math.min(tasks.length - 1, 4);
  const rows = Array.from({ length: Math.max(most - 1, 0) }, (_, k) => {
    const { groups } = groupTasks(affinity, k + 2);
    const spelled = groups.map((group) => group.map((task) => tasks[task]!.name).join(", ")).join(" · ");
    return html`<tr><th scope="row">${groups.length}</th><td style="text-align:left;white-space:normal">${spelled}</td></tr>`;
  });
  if (rows.length === 0) return html``;
  return html`<table><thead><tr><th>groups</th><th style="text-align:left">tasks that help each other most</th></tr></thead><tbody>${rows}</tbody></table>`;
}
