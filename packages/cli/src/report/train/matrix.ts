import * as Plot from "@observablehq/plot";
import { colour, picture } from "../charts/canvas.js";
import type { Markup } from "../html.js";

interface MatrixOptions {
  /** The size at which a cell is fully coloured. */
  readonly strongest: number;
  readonly rows: string;
  readonly columns: string;
  readonly text: (value: number) => string;
}

/** Up to this many a side, numbers fit into cells and names beside them. */
const mostWritten = 12;

/** A matrix as coloured cells: blue above zero, orange below. */
export function matrixChart(
  label: string,
  rows: readonly string[],
  columns: readonly string[],
  values: ArrayLike<number>,
  { strongest, rows: rowTitle, columns: columnTitle, text }: MatrixOptions,
): Markup {
  const cells = rows.flatMap((_, i) => columns.map((_, j) => ({ i, j, value: values[i * columns.length + j]! })));
  const written = rows.length <= mostWritten;
  const longest = Math.max(...rows.map((name) => name.length));
  const name = (list: readonly string[], letters: number) => (k: number) => {
    const full = list[k] ?? "";
    return full.length > letters ? `${full.slice(0, letters - 1)}…` : full;
  };
  return picture(label, (size) => {
    const letters = size === "narrow" ? 9 : 16;
    const side = Math.min(size === "narrow" ? 300 : 560, 60 * columns.length);
    const left = 34 + 7 * Math.min(longest, letters);
    return {
      width: left + side + 10,
      height: side + 60,
      ...{ marginLeft: left, marginTop: 44, marginRight: 10, marginBottom: 10 },
      x: {
        type: "band",
        axis: "top",
        label: columnTitle,
        labelArrow: "none",
        tickSize: 0,
        tickFormat: name(columns, Math.max(3, Math.floor(side / columns.length / 7.5))),
        ...(written ? {} : { ticks: [] }),
      },
      y: {
        type: "band",
        label: rowTitle,
        labelArrow: "none",
        tickSize: 0,
        tickFormat: name(rows, letters),
        ...(written ? {} : { ticks: [] }),
      },
      marks: [
        Plot.cell(cells, {
          ...{ x: "j", y: "i", inset: 1 },
          fill: ({ value }: { value: number }) => (value < 0 ? colour.alone : colour.together),
          fillOpacity: ({ value }: { value: number }) => Math.min(1, Math.abs(value) / strongest) * 0.75,
          title: ({ i, j, value }: { i: number; j: number; value: number }) =>
            `${rows[i]}, ${columns[j]}: ${text(value)}`,
        }),
        ...(written
          ? [
              Plot.text(cells, {
                x: "j",
                y: "i",
                text: ({ value }: { value: number }) => text(value),
                fill: colour.text,
              }),
            ]
          : []),
      ],
      color: { type: "identity" },
      opacity: { type: "identity" },
    };
  });
}
