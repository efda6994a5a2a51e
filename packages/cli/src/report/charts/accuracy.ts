import * as Plot from "@observablehq/plot";
import type { Predictions, ReportData } from "../data.js";
import { html, type Markup } from "../html.js";
import { colour, smallPicture } from "./canvas.js";

/** More points than this look the same, and take long. */
export const mostPoints = 20_000;

/** Predicted against actual for the test rows, alone and together, on the same axes. */
export function accuracyCharts(
  { actual, single, multi }: Extract<Predictions, { readonly kind: "numbers" }>,
  data: ReportData,
): Markup {
  const domain = range([actual, single, multi]);
  return html`${panel("Each alone", single, actual, colour.alone, domain, data.target)}${panel("Together", multi, actual, colour.together, domain, data.target)}`;
}

interface Pair {
  readonly predicted: number;
  readonly actual: number;
}

function panel(
  title: string,
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  fill: string,
  domain: readonly [number, number],
  target: string,
): Markup {
  const shown = Math.min(actual.length, mostPoints);
  const pairs = Array.from({ length: shown }, (_, point) => {
    const row = Math.floor((point * actual.length) / shown);
    return { actual: actual[row]!, predicted: predicted[row]! };
  });
  const means = groupMeans(pairs);
  const chart = smallPicture(`${title}: predicted ${target} against actual ${target}`, {
    ...{ width: 340, height: 340, marginLeft: 40, marginBottom: 40, marginTop: 24, marginRight: 8 },
    x: { domain: [...domain], label: "predicted →", labelAnchor: "center", labelArrow: "none", ticks: 6, grid: true },
    y: { domain: [...domain], label: "↑ actual", labelArrow: "none", ticks: 6, grid: true },
    opacity: { range: [0.12, 1], type: "sqrt" },
    marks: [
      pairs.length > 300
        ? Plot.hexagon(pairs, Plot.hexbin({ fillOpacity: "count" }, { x: "predicted", y: "actual", fill, binWidth: 9 }))
        : Plot.dot(pairs, { x: "predicted", y: "actual", fill, fillOpacity: 0.5, r: 3 }),
      Plot.link([0], {
        ...{ x1: domain[0], y1: domain[0], x2: domain[1], y2: domain[1] },
        stroke: colour.text,
        strokeDasharray: "4,3",
      }),
      Plot.line(means, { x: "predicted", y: "actual", stroke: colour.text, strokeWidth: 2 }),
      Plot.dot(means, { x: "predicted", y: "actual", fill: colour.text, r: 3.5 }),
    ],
  });
  return html`<figure class="panel"><figcaption><b>${title}</b></figcaption>${chart}</figure>`;
}

/** The means of up to ten groups of equally many rows, by prediction: on the diagonal where predictions are right on average. */
function groupMeans(pairs: readonly Pair[]): Pair[] {
  const sorted = [...pairs].sort((a, b) => a.predicted - b.predicted);
  const groups = Math.min(10, Math.floor(sorted.length / 10));
  return Array.from({ length: groups }, (_, group) => {
    const part = sorted.slice(
      Math.floor((group * sorted.length) / groups),
      Math.floor(((group + 1) * sorted.length) / groups),
    );
    const mean = (key: keyof Pair): number => part.reduce((sum, pair) => sum + pair[key], 0) / part.length;
    return { predicted: mean("predicted"), actual: mean("actual") };
  });
}

function range(lists: readonly ArrayLike<number>[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const list of lists) {
    for (let index = 0; index < list.length; index += 1) {
      low = Math.min(low, list[index]!);
      high = Math.max(high, list[index]!);
    }
  }
  const margin = (high - low || 1) * 0.03;
  return [low - margin, high + margin];
}
