import { calibration, confusionMatrix, mostLikely } from "@kinship/mtl";
import * as Plot from "@observablehq/plot";
import { colour, smallPicture } from "../charts/canvas.js";
import { html, type Markup } from "../html.js";
import { percent, whole } from "../words.js";
import type { TrainingReport } from "./data.js";
import { matrixChart } from "./matrix.js";

/** More classes than this a side cannot be told apart. */
const mostClasses = 100;

export interface Classified {
  readonly name: string;
  readonly classes: readonly string[];
  readonly confusion: readonly (readonly number[])[];
  /** The probability that was given to what was predicted, and whether it was right; of binary tasks that of the second class. */
  readonly said: ArrayLike<number>;
  readonly happened: ArrayLike<number>;
}

export function classified({ tasks, predictions }: TrainingReport): Classified[] {
  return tasks.flatMap(({ name, kind, classes }) => {
    if (kind === "regression") return [];
    const { predicted, actual } = predictions.find(({ task }) => task === name)!;
    if (kind === "binary") {
      const labels = Array.from(predicted, (p) => (p > 0.5 ? 1 : 0));
      return [{ name, classes, confusion: confusionMatrix(labels, actual, 2), said: predicted, happened: actual }];
    }
    const best = mostLikely(predicted, classes.length);
    const said = Array.from(best, (c, row) => predicted[row * classes.length + c]!);
    const happened = Array.from(best, (c, row) => (Number.isNaN(actual[row]) ? Number.NaN : Number(c === actual[row])));
    return [{ name, classes, confusion: confusionMatrix(best, actual, classes.length), said, happened }];
  });
}

/** Rows are what was true, columns what was said; a row is coloured by its shares. */
export function confusionChart({ name, classes, confusion }: Classified): Markup {
  if (classes.length > mostClasses)
    return html`<p class="muted">${name}: ${whole(classes.length)} classes are too many to draw.</p>`;
  const counts = confusion.flat();
  const totals = confusion.map((row) => row.reduce((a, b) => a + b, 0));
  const shares = counts.map((count, k) => count / (totals[Math.floor(k / classes.length)]! || 1));
  const chart = matrixChart(`What was said of ${name}, against what was true`, classes, classes, shares, {
    strongest: 1,
    rows: "true",
    columns: "said",
    text: (share) => (share === 0 ? "" : percent(share, 0)),
  });
  return html`<figure><figcaption><b>${name}</b></figcaption>${chart}</figure>`;
}

/** The most frequent mistake, in words. */
export function worstConfusion({ classes, confusion }: Classified): string {
  let worst = { i: 0, j: 0, count: 0 };
  confusion.forEach((row, i) => {
    row.forEach((count, j) => {
      if (i !== j && count > worst.count) worst = { i, j, count };
    });
  });
  return worst.count === 0
    ? "no row was taken for another class"
    : `“${classes[worst.i]}” was taken for “${classes[worst.j]}” ${whole(worst.count)} ${worst.count === 1 ? "time" : "times"}`;
}

/** How often what was said with a probability was so. */
export function reliabilityChart({ name, said, happened }: Classified): Markup {
  const { bins, error } = calibration(said, happened);
  const filled = bins.filter(({ rows }) => rows > 0);
  const chart = smallPicture(`Reliability of ${name}: how often what was said with a probability was so`, {
    ...{ width: 230, height: 240, marginLeft: 40, marginBottom: 36, marginTop: 24, marginRight: 10 },
    x: { domain: [0, 1], label: "said →", labelAnchor: "center", labelArrow: "none", ticks: 5, grid: true },
    y: { domain: [0, 1], label: "↑ was so", labelArrow: "none", ticks: 5, grid: true },
    r: { range: [2.5, 8] },
    marks: [
      Plot.link([0], { x1: 0, y1: 0, x2: 1, y2: 1, stroke: colour.text, strokeDasharray: "4,3" }),
      Plot.line(filled, { x: "confidence", y: "frequency", stroke: colour.together, strokeWidth: 1.5 }),
      Plot.dot(filled, { x: "confidence", y: "frequency", r: "rows", fill: colour.together }),
    ],
  });
  return html`<figure class="panel"><figcaption><b>${name}</b><span>off by ${percent(error, 1)} on average</span></figcaption>${chart}</figure>`;
}
