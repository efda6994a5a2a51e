import * as Plot from "@observablehq/plot";
import type { Row } from "../results.js";
import { time } from "./format.js";

interface Mark {
  readonly job: string;
  readonly backend: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const marksOf = (rows: readonly Row[]): Mark[] =>
  rows.flatMap(({ kernel, size, backend, outcome }) =>
    outcome.state === "measured"
      ? [
          {
            job: `${kernel} ${size}`,
            backend,
            median: outcome.milliseconds.median,
            low: outcome.milliseconds.lowerQuartile,
            high: outcome.milliseconds.upperQuartile,
          },
        ]
      : [],
  );

/** Times on a logarithmic axis: a dot at the median, a line from quartile to quartile. */
export function drawChart(parent: HTMLElement, rows: readonly Row[]): void {
  const marks = marksOf(rows);
  if (marks.length === 0) {
    parent.replaceChildren();
    return;
  }
  const backends = [...new Set(marks.map(({ backend }) => backend))];
  const jobs = [...new Set(marks.map(({ job }) => job))];
  const width = Math.max(300, parent.clientWidth);
  const chart = Plot.plot({
    width,
    height: jobs.length * (backends.length * 18 + 30) + 50,
    marginLeft: 100,
    marginRight: 64,
    style: { background: "transparent", fontSize: "12px" },
    x: { type: "log", grid: true, label: "milliseconds a call →", ticks: width < 500 ? 3 : 6, tickFormat: "~g" },
    y: { domain: backends, label: null, tickSize: 0 },
    fy: { domain: jobs, label: null, axis: null },
    marks: [
      Plot.frame({ strokeOpacity: 0.2 }),
      Plot.text(jobs, { fy: (job: string) => job, text: (job: string) => job, frameAnchor: "top-left", dy: -14 }),
      Plot.ruleY(marks, { fy: "job", y: "backend", x1: "low", x2: "high", stroke: "#2f6fb3", strokeWidth: 3 }),
      Plot.dot(marks, { fy: "job", y: "backend", x: "median", fill: "#2f6fb3", r: 4 }),
      Plot.text(marks, {
        fy: "job",
        y: "backend",
        x: "high",
        text: ({ median }: Mark) => time(median),
        textAnchor: "start",
        dx: 8,
      }),
    ],
  });
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", `Median times of ${backends.join(", ")} for ${jobs.join(", ")}`);
  parent.replaceChildren(chart);
}
