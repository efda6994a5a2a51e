import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Theme } from "./chart.js";

export interface ScalingPoint {
  readonly tasks: number;
  readonly lambda: number;
  readonly seconds: number;
  readonly iterations: number;
  readonly megabytes: number;
}

/** Seconds against tasks, both axes logarithmic; the dashed line is proportional to the tasks. */
export function drawScaling(points: readonly ScalingPoint[], theme: Theme): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const counts = [...new Set(points.map(({ tasks }) => tasks))].sort((a, b) => a - b);
  const most = counts.at(-1)!;
  const ends = points.filter(({ tasks }) => tasks === most);
  const middle = [...ends].sort((a, b) => a.seconds - b.seconds)[Math.floor(ends.length / 2)]!;
  const proportional = counts.map((tasks) => ({ tasks, seconds: (middle.seconds * tasks) / most }));
  const strokes = [theme.win, theme.text, theme.loss];
  const lambdas = [...new Set(points.map(({ lambda }) => lambda))].sort((a, b) => a - b);
  const svg = Plot.plot({
    document,
    width: 640,
    height: 380,
    marginLeft: 60,
    marginRight: 90,
    marginBottom: 45,
    style: { background: "transparent", color: theme.text, fontSize: "12px", fontFamily: "system-ui, sans-serif" },
    x: { type: "log", label: "tasks →", ticks: counts, tickFormat: (value: number) => value.toLocaleString("en") },
    y: {
      type: "log",
      label: "↑ seconds of processor time",
      grid: true,
      ticks: 5,
      tickFormat: (value: number) => `${value}`,
    },
    color: { domain: lambdas, range: strokes },
    marks: [
      Plot.line(proportional, { x: "tasks", y: "seconds", stroke: theme.native, strokeDasharray: "4 4" }),
      Plot.line(points, { x: "tasks", y: "seconds", stroke: "lambda", z: "lambda" }),
      Plot.dot(points, { x: "tasks", y: "seconds", fill: "lambda", r: 3 }),
      // Spread, as lines may end close together.
      ...ends.map((end) =>
        Plot.text([end], {
          x: "tasks",
          y: "seconds",
          text: ({ lambda }: ScalingPoint) => `λ = ${lambda.toLocaleString("en")}`,
          textAnchor: "start",
          dx: 8,
          dy: 6 * (1 - lambdas.indexOf(end.lambda)),
          fill: theme.text,
        }),
      ),
    ],
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute(
    "aria-label",
    `Seconds of a fit against the number of tasks, from ${counts[0]} to ${most}: along the line of proportion`,
  );
  return `${svg.outerHTML}\n`;
}
