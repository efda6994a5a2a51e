import * as Plot from "@observablehq/plot";
import type { Reliability } from "../data.js";
import { html, type Markup } from "../html.js";
import { percent } from "../words.js";
import { colour, smallPicture } from "./canvas.js";

/** How often what was said to happen with probability p did happen, alone and together. */
export function reliabilityCharts(single: Reliability, multi: Reliability): Markup {
  return html`${panel("Each alone", single, colour.alone)}${panel("Together", multi, colour.together)}`;
}

function panel(title: string, { bins, error }: Reliability, fill: string): Markup {
  const shown = bins.filter(({ rows }) => rows > 0);
  const share = {
    domain: [0, 1],
    ticks: 5,
    tickFormat: (value: number) => percent(value, 0),
    labelArrow: "none",
  } as const;
  const chart = smallPicture(`${title}: how often predictions came true against their probability`, {
    ...{ width: 340, height: 340, marginLeft: 46, marginBottom: 40, marginTop: 24, marginRight: 12 },
    x: { ...share, label: "predicted probability →", labelAnchor: "center", grid: true },
    y: { ...share, label: "↑ how often it was so", grid: true },
    r: { range: [2, 12] },
    marks: [
      Plot.link([0], { x1: 0, y1: 0, x2: 1, y2: 1, stroke: colour.text, strokeDasharray: "4,3" }),
      Plot.line(shown, { x: "confidence", y: "frequency", stroke: fill, strokeWidth: 2 }),
      Plot.dot(shown, { x: "confidence", y: "frequency", r: "rows", fill, fillOpacity: 0.75 }),
    ],
  });
  return html`<figure class="panel"><figcaption><b>${title}</b><span>off by ${percent(error)} on average</span></figcaption>${chart}</figure>`;
}
