import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Results } from "../harness/results.js";
import { type Advantage, advantages } from "./comparison.js";

export interface Theme {
  readonly text: string;
  readonly faint: string;
  readonly win: string;
  readonly loss: string;
  readonly native: string;
}

/** Blue and orange are told apart by every kind of sight; losses are also on the other side of the line. */
export const THEMES: Readonly<Record<"light" | "dark", Theme>> = {
  light: { text: "#1f2328", faint: "#d0d7de", win: "#2f6fb3", loss: "#c4570e", native: "#57606a" },
  dark: { text: "#e6edf3", faint: "#30363d", win: "#6cb0f5", loss: "#f0883e", native: "#9198a1" },
};

const ROW_HEIGHT = 19;
const WIDTH = 860;

const factor = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2).replace(/\.0$/, ""));

/** Bars on a logarithmic axis, from 1: to the right we win. The names of rows and peers are words, not colours. */
export function drawChart(results: Results, theme: Theme): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const data = advantages(results);
  const extremes = data.flatMap(({ overPeer, overNative }) => [overPeer, overNative ?? 1]);
  const [low, high] = [Math.min(0.5, ...extremes) / 1.6, Math.max(2, ...extremes) * 8];
  const decades = Array.from({ length: 13 }, (_, i) => 10 ** (i - 6)).filter((value) => value >= low && value <= high);
  const svg = Plot.plot({
    document,
    width: WIDTH,
    height: data.length * ROW_HEIGHT + 70,
    marginLeft: 330,
    marginTop: 40,
    style: { background: "transparent", color: theme.text, fontSize: "12px", fontFamily: "system-ui, sans-serif" },
    x: {
      type: "log",
      domain: [low, high],
      axis: "top",
      label: "bars: times as fast, or as small, as the best script peer; ◆ as native code →",
      tickFormat: (value: number) => `${value}×`,
      ticks: decades,
    },
    y: { domain: data.map(({ row }) => row), label: null, tickSize: 0 },
    marks: [
      Plot.gridX(decades, { stroke: theme.faint, strokeOpacity: 1 }),
      Plot.ruleX([1], { stroke: theme.text }),
      Plot.barX(data, {
        x1: 1,
        x2: "overPeer",
        y: "row",
        fill: ({ overPeer }: Advantage) => (overPeer < 1 ? theme.loss : theme.win),
        insetTop: 3,
        insetBottom: 3,
      }),
      Plot.dot(
        data.filter(({ overNative }) => overNative !== undefined),
        { x: "overNative", y: "row", stroke: theme.native, fill: theme.native, r: 3, symbol: "diamond" },
      ),
      Plot.text(data, {
        x: ({ overPeer, overNative = 0 }: Advantage) => Math.max(overPeer, overNative, 1),
        y: "row",
        text: ({ overPeer, peer }: Advantage) => `${factor(overPeer)}× ${peer}`,
        textAnchor: "start",
        dx: 8,
        fill: theme.text,
      }),
    ],
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute(
    "aria-label",
    `Kinship beside the best other script library, in ${data.length} rows; diamonds: beside native code`,
  );
  return `${svg.outerHTML}\n`;
}
