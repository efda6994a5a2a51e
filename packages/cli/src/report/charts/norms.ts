import * as Plot from "@observablehq/plot";
import type { NormPaths } from "../data.js";
import type { Markup } from "../html.js";
import { decimal } from "../words.js";
import { colour, picture } from "./canvas.js";
import { powerOfTen } from "./path.js";

/** How large each feature's weights are as λ grows, λ's choice marked. */
export function normChart({ lambdas, features, lambda }: NormPaths): Markup {
  const chosen = lambdas.indexOf(lambda);
  const points = features.flatMap(({ name, norms }) =>
    norms.map((norm, k) => ({ name, lambda: lambdas[k]!, norm, used: norms[chosen]! > 0 ? "used" : "unused" })),
  );
  const left = points.filter((point) => point.lambda === lambdas[0]);
  return picture("Size of the weights of each feature against the strength of the penalty λ", (size) => {
    const narrow = size === "narrow";
    return {
      height: narrow ? 290 : 360,
      ...{ marginLeft: 46, marginBottom: 40, marginTop: 34, marginRight: 16 },
      x: {
        ...{ type: "log", label: "λ, stronger penalty →", labelAnchor: "center", labelArrow: "none" },
        ticks: narrow ? 4 : 8,
        tickFormat: powerOfTen,
      },
      y: { label: "↑ size of the weights, over tasks", labelArrow: "none", grid: true, ticks: 5, zero: true },
      marks: [
        Plot.line(points, {
          ...{ x: "lambda", y: "norm", z: "name", strokeWidth: 1.8, title: "name" },
          stroke: ({ used }: (typeof points)[number]) => (used === "used" ? colour.together : colour.neutral),
        }),
        Plot.ruleX([lambda], { stroke: colour.together, strokeDasharray: "2,3" }),
        Plot.text([lambda], {
          ...{ x: (value: number) => value, frameAnchor: "top", dy: -12, fontWeight: "bold", fill: colour.text },
          text: (value: number) => `λ = ${decimal(value, 3)}`,
        }),
        Plot.text(left.slice(0, narrow ? 3 : 5), {
          ...{ x: "lambda", y: "norm", text: "name", textAnchor: "start", dx: 4, dy: -6 },
          ...{ fill: colour.text, stroke: colour.paper, strokeWidth: 4 },
        }),
      ],
    };
  });
}
