import * as Plot from "@observablehq/plot";
import type { PathPoint, ReportData } from "../data.js";
import type { Markup } from "../html.js";
import { decimal, superscript } from "../words.js";
import { colour, picture } from "./canvas.js";

/** The errors met in cross-validation as λ grows; where there is a second λ for intercepts, the best of each λ. */
export function pathChart(data: ReportData): Markup {
  const multi = lowerEnvelope(data.path.multi.points);
  const single = lowerEnvelope(data.path.single.points);
  const best = nearest(multi, data.path.multi.lambda);
  const bestSingle = nearest(single, data.path.single.lambda);
  // Where the intercepts' λ follows λ, it tells no line from another.
  const tiesIntercepts = data.path.multi.points.some(({ lambda, lambdaIntercept }) => lambda !== lambdaIntercept);
  const ceiling = readableCeiling(best.error, [...multi, ...single]);
  const others = data.path.multi.points
    .filter(({ error }) => error <= ceiling)
    .map((point) => ({ ...point, line: `${point.variant}|${tiesIntercepts ? point.lambdaIntercept : ""}` }));
  const shown = (curve: readonly PathPoint[]): PathPoint[] => curve.filter(({ error }) => error <= ceiling);
  const label = "Cross-validation error against the strength of the penalty λ, together and each alone";
  return picture(label, (size) => {
    const narrow = size === "narrow";
    return {
      height: narrow ? 290 : 360,
      ...{ marginLeft: 46, marginBottom: 40, marginTop: 34, marginRight: 16 },
      x: {
        type: "log",
        label: "λ, stronger penalty →",
        labelAnchor: "center",
        labelArrow: "none",
        ticks: narrow ? 4 : 8,
        tickFormat: powerOfTen,
      },
      y: {
        label: `↑ error in cross-validation (${data.error.short})`,
        labelArrow: "none",
        grid: true,
        ticks: 5,
        zero: false,
      },
      marks: [
        Plot.line(others, {
          ...{ x: "lambda", y: "error", z: "line", stroke: colour.together },
          ...{ strokeOpacity: 0.16, strokeWidth: 1 },
        }),
        Plot.areaY(shown(multi), {
          ...{ x: "lambda", fill: colour.together, fillOpacity: 0.14 },
          y1: ({ error, standardError }: PathPoint) => error - standardError,
          y2: ({ error, standardError }: PathPoint) => Math.min(ceiling, error + standardError),
        }),
        Plot.line(shown(single), {
          x: "lambda",
          y: "error",
          stroke: colour.alone,
          strokeWidth: 2,
          strokeDasharray: "6,3",
        }),
        Plot.line(shown(multi), { x: "lambda", y: "error", stroke: colour.together, strokeWidth: 2.5 }),
        Plot.ruleX([best], { x: "lambda", stroke: colour.together, strokeDasharray: "2,3" }),
        Plot.dot([bestSingle], { x: "lambda", y: "error", fill: colour.alone, r: 5 }),
        Plot.dot([best], {
          x: "lambda",
          y: "error",
          fill: colour.together,
          r: 5.5,
          stroke: colour.paper,
          strokeWidth: 1.5,
        }),
        Plot.text([best], {
          ...{ x: "lambda", frameAnchor: "top", dy: -12, fontWeight: "bold", fill: colour.text },
          text: ({ lambda }: PathPoint) => `λ = ${decimal(lambda, 3)}`,
        }),
      ],
    };
  });
}

/** 0.1, 1, 10, then 10⁴; nothing at the ticks between. */
export function powerOfTen(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (Math.abs(value / 10 ** exponent - 1) > 1e-9) return "";
  return Math.abs(exponent) <= 3 ? String(10 ** exponent) : `10${superscript(exponent)}`;
}

/** The least error for each λ, over the second penalty. */
export function lowerEnvelope(points: readonly PathPoint[]): PathPoint[] {
  const least = new Map<number, PathPoint>();
  for (const point of points) {
    const known = least.get(point.lambda);
    if (known === undefined || point.error < known.error) least.set(point.lambda, point);
  }
  return [...least.values()].sort((a, b) => a.lambda - b.lambda);
}

const nearest = (curve: readonly PathPoint[], lambda: number): PathPoint =>
  curve.reduce((best, point) =>
    Math.abs(Math.log(point.lambda / lambda)) < Math.abs(Math.log(best.lambda / lambda)) ? point : best,
  );

/** Without a penalty errors may be huge: they would press the part that matters flat. */
function readableCeiling(best: number, points: readonly PathPoint[]): number {
  const right = points.map(({ error }) => error).filter((error) => error <= best + 0.6 * Math.abs(best));
  return Math.max(best + 0.02 * Math.abs(best), ...right);
}
