import { leaves, randomKey, type Structure } from "@kinship/tensor";
import type { Layer, Shape } from "./layer.js";
import { show } from "./layer.js";

export interface SummaryRow {
  readonly name: string;
  /** 0 for the layer itself, 1 for the layers inside it, and so on. */
  readonly depth: number;
  readonly output: Shape;
  /** Trained numbers. */
  readonly parameters: number;
}

export const countParameters = (parameters: Structure): number =>
  leaves("countParameters", parameters).reduce((total, { size }) => total + size, 0);

/** A row for the layer and for each layer inside it, in order. */
export function summaryRows(layer: Layer, input: Shape, depth = 0): SummaryRow[] {
  const { parameters } = layer.initialise(randomKey(0), input, "float32");
  const own = { name: layer.name, depth, output: layer.outputShape(input), parameters: countParameters(parameters) };
  const inside = layer.parts?.(input) ?? [];
  return [own, ...inside.flatMap((part) => summaryRows(part.layer, part.input, depth + 1))];
}

/** A table for people: each layer, its output's shape without the batch axis, its number of parameters. */
export function summary(layer: Layer, input: Shape): string {
  return formatSummary(summaryRows(layer, input));
}

export function formatSummary(rows: readonly SummaryRow[]): string {
  const cells = rows.map(({ name, depth, output, parameters }) => [
    "  ".repeat(depth) + name,
    show(output),
    parameters.toLocaleString("en"),
  ]);
  const all = [["layer", "output", "parameters"], ...cells];
  const width = (column: number) => Math.max(...all.map((row) => row[column]!.length));
  return all
    .map(([name, output, count]) =>
      `${name!.padEnd(width(0))}  ${output!.padEnd(width(1))}  ${count!.padStart(width(2))}`.trimEnd(),
    )
    .join("\n");
}
