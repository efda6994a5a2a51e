import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import pngjs from "pngjs";

const digitsFile = new URL("../../../../examples/data/digits/digits.csv", import.meta.url);

/** Handwritten digits: 64 levels from 0 to 16, and which digit it is. */
export const digitRows = (count: number): { readonly levels: number[]; readonly digit: number }[] =>
  readFileSync(digitsFile, "utf8")
    .trim()
    .split("\n")
    .slice(1, count + 1)
    .map((line) => line.split(",").map(Number))
    .map((row) => ({ levels: row.slice(0, 64), digit: row[64]! }));

export function writeFileIn(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** `values`: one a pixel, or three. */
export function png(width: number, height: number, values: readonly number[]): Buffer {
  const image = new pngjs.PNG({ width, height });
  const channels = values.length / (width * height);
  for (let p = 0; p < width * height; p++)
    for (let c = 0; c < 4; c++)
      image.data[4 * p + c] = c === 3 ? 255 : values[p * channels + Math.min(c, channels - 1)]!;
  return pngjs.PNG.sync.write(image, { colorType: channels === 1 ? 0 : 2 });
}

/** A folder of digits with labels.csv: which digit, odd or even (unknown of some), how much ink. */
export function digitsFolder(folder: string, count: number): string {
  const lines = digitRows(count).map(({ levels, digit }, k) => {
    writeFileIn(
      join(folder, `${k}.png`),
      png(
        8,
        8,
        levels.map((level) => Math.round((255 * level) / 16)),
      ),
    );
    const parity = k % 9 === 0 ? "" : digit % 2 === 1 ? "odd" : "even";
    return `${k}.png,${digit},${parity},${levels.reduce((a, b) => a + b, 0)}`;
  });
  writeFileIn(join(folder, "labels.csv"), `file,digit,parity,ink\n${lines.join("\n")}\n`);
  return folder;
}
