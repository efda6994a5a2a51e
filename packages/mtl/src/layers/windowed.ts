import { InputError } from "../errors.js";
import { type Shape, shapeError } from "./layer.js";

/** Windows within the input alone, or ⌈length / stride⌉ of them, which reach over its ends. */
export type LayerPadding = "valid" | "same";

/** @throws InputError for a padding that is neither. */
export function requirePadding(name: string, padding: LayerPadding): void {
  if (padding !== "same" && padding !== "valid")
    throw new InputError(`${name}: padding must be "same" or "valid", not ${JSON.stringify(padding)}`);
}

/** @throws InputError for a shape other than channels and `rank` axes that windows lie along. */
export function requireAxes(name: string, input: Shape, rank: number): void {
  const expected = rank === 1 ? "[channels, length]" : "[channels, height, width]";
  if (input.length !== rank + 1) throw shapeError(name, expected, input);
}

/** How many windows lie along each axis. @throws InputError where none does. */
export function windowed(name: string, axes: Shape, size: number, stride: number, padding: LayerPadding): number[] {
  const counts = axes.map((length) =>
    padding === "same" ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1,
  );
  if (counts.some((count) => count < 1)) throw shapeError(name, `room for windows of ${size} along each axis`, axes);
  return counts;
}
