import { type Shape, shapeError } from "./layer.js";

/** How many windows lie along each axis. @throws InputError where none does. */
export function windowed(name: string, axes: Shape, size: number, stride: number, padding: "valid" | "same"): number[] {
  const counts = axes.map((length) =>
    padding === "same" ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1,
  );
  if (counts.some((count) => count < 1)) throw shapeError(name, `room for windows of ${size} along each axis`, axes);
  return counts;
}
