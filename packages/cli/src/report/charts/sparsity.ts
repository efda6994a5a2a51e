import type { Sparsity } from "../data.js";
import { html, Markup } from "../html.js";
import { encodePng, type Rgba } from "./png.js";

/** More rows or columns than this cannot be told apart; the first are shown. */
const mostRows = 200;
const mostColumns = 1000;
/** Up to this many rows, a name has room beside its row. */
const mostNamed = 40;

/** Weights that are exactly zero are grey; others blue (positive) or orange, the stronger the farther from zero. */
const zero: Rgba = [128, 128, 128, 90];
const palette: readonly Rgba[] = Array.from({ length: 255 }, (_, index): Rgba => {
  if (index === 127) return zero;
  const level = (index - 127) / 127;
  const [red, green, blue] = level < 0 ? ([214, 106, 32] as const) : ([38, 121, 201] as const);
  return [red, green, blue, Math.round(40 + 215 * Math.abs(level))];
});

/** Features × tasks. */
export function sparsityMap({ rows, tasks, weights }: Sparsity, taskNames: string): Markup {
  const height = Math.min(rows.length, mostRows);
  const width = Math.min(tasks.length, mostColumns);
  let largest = 0;
  for (let at = 0; at < weights.length; at += 1) largest = Math.max(largest, Math.abs(weights[at]!));
  const pixels = new Uint8Array(height * width);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const weight = weights[row * tasks.length + column]!;
      const level = Math.max(1, Math.round(127 * Math.abs(weight / largest)));
      pixels[row * width + column] = weight === 0 ? 127 : 127 + Math.sign(weight) * level;
    }
  }
  const source = `data:image/png;base64,${encodePng(pixels, width, height, palette).toString("base64")}`;
  const pixelHeight = Math.max(60, Math.min(24 * height, 640));
  const names =
    height > mostNamed
      ? null
      : html`<div class="names" aria-hidden="true">${rows.map((name) => html`<span>${name}</span>`)}</div>`;
  return html`<figure class="map"><div class="square">${names}<img class="grid" src="${new Markup(source)}" width="${width}" height="${height}" style="height:${pixelHeight}px" alt="A map of ${rows.length} features by ${tasks.length} ${taskNames}: weights, zeros in grey"></div>
<div class="scale" aria-hidden="true"><span>negative</span><i></i><span>positive</span><b class="zero"></b><span>zero</span></div></figure>`;
}

/** How many rows have a weight in some task, and the share of weights that are exactly zero. */
export function countZeros({ rows, tasks, weights }: Sparsity): { readonly used: number; readonly zeros: number } {
  let zeros = 0;
  const used = rows.filter((_, row) => {
    let any = false;
    for (let task = 0; task < tasks.length; task += 1) {
      if (weights[row * tasks.length + task] === 0) zeros += 1;
      else any = true;
    }
    return any;
  }).length;
  return { used, zeros: zeros / (rows.length * tasks.length) };
}
