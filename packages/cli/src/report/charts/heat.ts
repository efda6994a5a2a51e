import type { ReportData } from "../data.js";
import { html, Markup } from "../html.js";
import { decimal, plural } from "../words.js";
import { encodePng, type Rgba } from "./png.js";

/** More cells than this a side cannot be told apart: neighbours are averaged. */
const mostCells = 400;

/** Blue pulls together, orange pushes apart; nothing is nothing, so that the page shows through, light or dark. */
const blue = [38, 121, 201] as const;
const orange = [214, 106, 32] as const;
const palette: readonly Rgba[] = Array.from({ length: 255 }, (_, index) => {
  const level = (index - 127) / 127;
  const [red, green, bluish] = level < 0 ? orange : blue;
  return [red, green, bluish, Math.round(255 * Math.abs(level))];
});

/** Two square maps over the same order of tasks: what K assumes, what the fit found. */
export function heatMaps(data: ReportData): Markup {
  const { assumed, found, names, learned } = data.related;
  const size = names.length;
  const tasks = plural(data.task);
  const ties =
    assumed === null
      ? null
      : map(
          learned ? "Learned" : "Assumed",
          `how strongly K ties two ${tasks}`,
          assumed,
          size,
          largestOffDiagonal(assumed, size),
          data,
        );
  return html`<div class="maps">
${ties}
${map("Found", "how alike the fits deviate from the average fit", found, size, 1, data)}
</div>`;
}

function map(
  title: string,
  subtitle: string,
  values: ArrayLike<number>,
  size: number,
  limit: number,
  data: ReportData,
): Markup {
  const cells = Math.min(size, mostCells);
  const pixels = new Uint8Array(cells * cells);
  for (let row = 0; row < cells; row += 1) {
    for (let column = 0; column < cells; column += 1) {
      const value = row === column ? 0 : blockMean(values, size, cells, row, column) / (limit || 1);
      pixels[row * cells + column] = 127 + Math.round(127 * Math.max(-1, Math.min(1, value)));
    }
  }
  const source = `data:image/png;base64,${encodePng(pixels, cells, cells, palette).toString("base64")}`;
  const names = plural(data.task);
  const end = decimal(limit, 2);
  return html`<figure class="map"><figcaption><b>${title}</b><span>${subtitle}</span></figcaption>
<div class="square">${groupBars(data.related.groups)}${rowNames(data.related.names)}<img src="${new Markup(source)}" width="${cells}" height="${cells}" alt="${title}: a map of ${size} by ${size} ${names}; ${subtitle}"></div>
<div class="scale" aria-hidden="true"><span>−${end}</span><i></i><span>${end}</span></div></figure>`;
}

/** Up to this many rows, a name has room beside its row. */
const mostNamed = 24;

function rowNames(names: readonly string[]): Markup {
  if (names.length > mostNamed) return new Markup("");
  return html`<div class="names" aria-hidden="true">${names.map((name) => html`<span>${name}</span>`)}</div>`;
}

/** Runs of the same parent, as bars along the edge of the map. */
function groupBars(groups: readonly (string | null)[]): Markup {
  const runs: { name: string | null; length: number }[] = [];
  for (const group of groups) {
    const last = runs.at(-1);
    if (last !== undefined && last.name === group) last.length += 1;
    else runs.push({ name: group, length: 1 });
  }
  if (runs.length < 2 || runs.length > 12 || runs.some(({ name }) => name === null)) return new Markup("");
  return html`<div class="groups">${runs.map(({ name, length }) => html`<span style="flex:${length}">${name}</span>`)}</div>`;
}

function blockMean(values: ArrayLike<number>, size: number, cells: number, row: number, column: number): number {
  if (cells === size) return values[row * size + column]!;
  const edge = (cell: number): number => Math.floor((cell * size) / cells);
  let sum = 0;
  let count = 0;
  for (let i = edge(row); i < edge(row + 1); i += 1) {
    for (let j = edge(column); j < edge(column + 1); j += 1) {
      sum += values[i * size + j]!;
      count += 1;
    }
  }
  return sum / count;
}

function largestOffDiagonal(values: ArrayLike<number>, size: number): number {
  let largest = 0;
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) largest = Math.max(largest, Math.abs(values[i * size + j]!));
  }
  return largest;
}
