import * as Plot from "@observablehq/plot";
import { colour, picture, smallPicture } from "../charts/canvas.js";
import { html, type Markup } from "../html.js";
import type { TrainingReport } from "./data.js";

/** More panels than this are not looked at. */
export const mostPanels = 24;

/** One panel a task: the loss on the rows that train, and on those that do not. */
export function learningCurves({ tasks, history }: TrainingReport): Markup {
  const panels = tasks.slice(0, mostPanels).map(({ name }) => {
    const train = history.map(({ epoch, losses }) => ({ epoch, loss: losses[name]! }));
    const validation = history.flatMap(({ epoch, validation }) =>
      validation ? [{ epoch, loss: validation.losses[name]! }] : [],
    );
    const best = validation.reduce((a, b) => (b.loss < a.loss ? b : a), validation[0]!);
    const chart = smallPicture(`Loss of ${name} over the epochs, in training and validation`, {
      ...{ width: 230, height: 170, marginLeft: 40, marginBottom: 30, marginTop: 10, marginRight: 8 },
      x: { label: "epoch", labelAnchor: "center", labelArrow: "none", ticks: 4, tickFormat: "d" },
      y: { label: null, grid: true, ticks: 4, zero: true },
      marks: [
        Plot.line(train, { x: "epoch", y: "loss", stroke: colour.neutral, strokeWidth: 1.6 }),
        Plot.line(validation, { x: "epoch", y: "loss", stroke: colour.together, strokeWidth: 2.2 }),
        Plot.dot(best ? [best] : [], { x: "epoch", y: "loss", fill: colour.together, r: 4 }),
      ],
    });
    return html`<figure class="panel"><figcaption><b>${name}</b></figcaption>${chart}</figure>`;
  });
  return html`<div class="panels">${panels}</div>`;
}

/** Told apart on light and on dark pages. */
const lines = ["#1f77b4", "#d2691e", "#2a9d62", "#b5459b", "#8a7a1c", "#5b63c7", "#c23b4a", "#3a8f9e"];
const lineColour = (k: number): string => lines[k % lines.length]!;

export interface NamedCurve {
  readonly name: string;
  readonly points: readonly { readonly epoch: number; readonly value: number }[];
}

/** Several curves over the epochs, each with its name where it ends. */
export function curves(label: string, axis: string, given: readonly NamedCurve[], zeroLine: boolean): Markup {
  const coloured = given.map((curve, k) => ({ ...curve, stroke: lineColour(k) }));
  return html`${picture(label, (size) => ({
    height: size === "narrow" ? 260 : 320,
    ...{ marginLeft: 46, marginBottom: 40, marginTop: 16, marginRight: 12 },
    x: { label: "epoch", labelAnchor: "center", labelArrow: "none", ticks: 6, tickFormat: "d" },
    y: { label: axis, labelArrow: "none", grid: true, ticks: 5 },
    marks: [
      ...(zeroLine ? [Plot.ruleY([0], { stroke: colour.text })] : []),
      ...coloured.map(({ points, stroke }) => Plot.line(points, { x: "epoch", y: "value", stroke, strokeWidth: 2 })),
    ],
  }))}<p class="read">${coloured.map(
    ({ name, stroke }) => html`<span class="key" style="color:${stroke}">${name}</span> `,
  )}</p>`;
}
