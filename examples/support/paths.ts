import { type Tensor, tensor } from "@kinship/tensor";

/** A path of two parameters: x₁ and x₂ in turn. */
export interface Path {
  readonly name: string;
  readonly path: Float64Array;
}

const panel = 220;
const gap = 16;
const low = -10;
const high = 10;
const cells = 50;
const levels = 9;

const place = (value: number): number => ((value - low) / (high - low)) * panel;
const point = (x1: number, x2: number): string => `${place(x1).toFixed(1)} ${(panel - place(x2)).toFixed(1)}`;

/** The mean of both losses in bands, one path a band, so that the picture stays small. */
function landscape(losses: (x: Tensor) => readonly Tensor[]): string {
  const size = panel / cells;
  const values = Array.from({ length: cells * cells }, (_, k) => {
    const x1 = low + (((k % cells) + 0.5) / cells) * (high - low);
    const x2 = low + ((Math.floor(k / cells) + 0.5) / cells) * (high - low);
    const found = losses(tensor(Float64Array.of(x1, x2)));
    return found.reduce((total, loss) => total + loss.item(), 0) / found.length;
  });
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const bands = Array.from({ length: levels }, () => "");
  values.forEach((value, k) => {
    const band = Math.min(levels - 1, Math.floor(((value - least) / (most - least)) * levels));
    const x = ((k % cells) * size).toFixed(1);
    const y = (panel - (Math.floor(k / cells) + 1) * size).toFixed(1);
    bands[band] += `M${x} ${y}h${size}v${size}h-${size}z`;
  });
  return bands
    .map((d, band) => `<path class="band" fill-opacity="${(0.34 * (1 - band / levels)).toFixed(3)}" d="${d}"/>`)
    .join("");
}

/**
 * A picture of where methods go, one panel a method, over the landscape of the mean loss (darker is lower); a ring at each
 * start, a disc at each end. Follows the reader's light or dark scheme.
 */
export function drawPaths(paths: readonly Path[], losses: (x: Tensor) => readonly Tensor[]): string {
  const names = [...new Set(paths.map(({ name }) => name))];
  const columns = Math.min(4, names.length);
  const rows = Math.ceil(names.length / columns);
  const width = columns * (panel + gap) + gap;
  const height = rows * (panel + gap + 22) + gap;
  const panels = names.map((name, k) => {
    const own = paths.filter((path) => path.name === name);
    const left = gap + (k % columns) * (panel + gap);
    const top = gap + Math.floor(k / columns) * (panel + gap + 22);
    const lines = own.map(({ path }, number) => {
      const points = Array.from({ length: path.length / 2 }, (_, step) => point(path[2 * step]!, path[2 * step + 1]!));
      const [first, last] = [points[0]!.split(" "), points[points.length - 1]!.split(" ")];
      return (
        `<path class="line line-${number}" d="M${points.join("L")}"/>` +
        `<circle class="start line-${number}" cx="${first[0]}" cy="${first[1]}" r="4"/>` +
        `<circle class="end end-${number}" cx="${last[0]}" cy="${last[1]}" r="4"/>`
      );
    });
    return (
      `<g transform="translate(${left} ${top})"><text x="0" y="12">${name}</text><g transform="translate(0 20)">` +
      `<use href="#landscape"/><rect class="frame" width="${panel}" height="${panel}"/>${lines.join("")}</g></g>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Paths of ${names.join(", ")} over two valleys">
<style>
svg { background: #fff; color: #1b1f24; font: 13px system-ui, sans-serif }
text { fill: currentColor } .frame { fill: none; stroke: currentColor; stroke-opacity: .35 } .band { fill: #4a6fa5 }
.line, .start { fill: none; stroke-width: 1.8 } .line-0 { stroke: #c2410c } .line-1 { stroke: #15803d } .line-2 { stroke: #7e22ce }
.end-0 { fill: #c2410c } .end-1 { fill: #15803d } .end-2 { fill: #7e22ce }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117; color: #e6edf3 } .band { fill: #9cc3ff }
.line-0 { stroke: #ff9d5c } .line-1 { stroke: #4ade80 } .line-2 { stroke: #d8a6ff }
.end-0 { fill: #ff9d5c } .end-1 { fill: #4ade80 } .end-2 { fill: #d8a6ff } }
</style>
<defs><g id="landscape">${landscape(losses)}</g></defs>
${panels.join("\n")}
</svg>
`;
}
