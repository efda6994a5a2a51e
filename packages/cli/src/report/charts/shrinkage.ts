import * as Plot from "@observablehq/plot";
import type { Coefficient, ReportData } from "../data.js";
import { html, type Markup } from "../html.js";
import { decimal, plural, spread } from "../words.js";
import { colour, smallPicture } from "./canvas.js";

/** More lines than this hide each other; the rest would not change the impression. */
const mostLines = 300;

/** One small picture a coefficient: where each task's value stands alone, and where together. */
export function shrinkageCharts(data: ReportData): Markup {
  return html`${data.coefficients.map((coefficient) => panel(coefficient, plural(data.task)))}`;
}

function panel(coefficient: Coefficient, tasks: string): Markup {
  const { name, single, multi, pooled } = coefficient;
  const step = Math.max(1, Math.ceil(single.length / mostLines));
  const links = Array.from({ length: Math.ceil(single.length / step) }, (_, index) => ({
    from: single[index * step]!,
    to: multi[index * step]!,
  }));
  const label = `${name}: the coefficients of all ${tasks}, alone and together`;
  const chart = smallPicture(label, {
    ...{ width: 180, height: 215, marginLeft: 34, marginRight: 14, marginTop: 8, marginBottom: 26 },
    x: {
      domain: [0, 1],
      ticks: [0, 1],
      tickFormat: (side: number) => (side === 0 ? "alone" : "together"),
      tickSize: 0,
      label: null,
      inset: 16,
    },
    y: { ticks: 5, label: null, grid: true, nice: true },
    marks: [
      Plot.ruleY(zeroWithin(single, multi), { stroke: colour.muted, strokeOpacity: 0.7 }),
      Plot.link(links, {
        ...{ x1: 0, x2: 1, y1: "from", y2: "to", stroke: colour.muted },
        ...{ strokeOpacity: Math.max(0.08, Math.min(0.6, 20 / links.length)), strokeWidth: 1 },
      }),
      Plot.dot(links, { x: 0, y: "from", fill: colour.alone, fillOpacity: 0.55, r: 2.2 }),
      Plot.dot(links, { x: 1, y: "to", fill: colour.together, fillOpacity: 0.55, r: 2.2 }),
      Plot.ruleY([pooled], { stroke: colour.text, strokeDasharray: "4,3" }),
    ],
  });
  return html`<figure class="panel"><figcaption><b>${name}</b><span>spread ${decimal(spread(single), 2)} → ${decimal(spread(multi), 2)}</span></figcaption>${chart}</figure>`;
}

/** Zero, if it lies within the picture. */
function zeroWithin(...lists: readonly ArrayLike<number>[]): number[] {
  const values = lists.flatMap((list) => Array.from(list));
  return values.some((value) => value < 0) && values.some((value) => value > 0) ? [0] : [];
}
