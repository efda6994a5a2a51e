import * as Plot from "@observablehq/plot";
import type { RankedMethod, ReportData } from "../data.js";
import type { Markup } from "../html.js";
import { decimal } from "../words.js";
import { colour, picture } from "./canvas.js";

/** Every method's error in cross-validation, with its standard error, from the least; on the test rows as a ring. */
export function rankingChart({ error: { short } }: ReportData, ranking: readonly RankedMethod[]): Markup {
  const shown = ranking.map((method) => ({ ...method, low: method.validation - method.standardError }));
  const fill = ({ kind }: RankedMethod): string =>
    ({ baseline: colour.alone, chosen: colour.together, other: colour.neutral })[kind];
  return picture(`Error of each method in cross-validation and on the test rows, sorted`, (size) => ({
    height: 70 + 24 * shown.length,
    marginLeft: size === "narrow" ? 120 : 150,
    marginTop: 10,
    marginBottom: 44,
    marginRight: 16,
    x: { label: `${short} →`, labelAnchor: "center", labelArrow: "none", grid: true, zero: false, ticks: 5 },
    y: { domain: shown.map(({ title }) => title), label: null, tickSize: 0 },
    marks: [
      Plot.ruleY(
        shown.filter(({ standardError }) => Number.isFinite(standardError)),
        {
          ...{ y: "title", x1: "low", x2: ({ validation, standardError }: RankedMethod) => validation + standardError },
          ...{ stroke: fill, strokeWidth: 2, strokeOpacity: 0.55 },
        },
      ),
      Plot.dot(shown, { y: "title", x: "error", stroke: colour.text, fill: "none", r: 3.5 }),
      Plot.dot(shown, {
        ...{ y: "title", x: "validation", fill, r: 4.5 },
        title: ({ title, validation, error }: RankedMethod) =>
          `${title}: ${decimal(validation)} in cross-validation, ${decimal(error)} on the test rows`,
      }),
    ],
  }));
}
