import type { Contraction } from "../primitive.js";
import { labelled } from "./labels.js";

/** A contraction as one loop nest: over the output's labels, then those that are summed, which are `axes` of it. */
export interface SlenderLoop {
  readonly labels: readonly number[];
  readonly sizes: ReadonlyMap<number, number>;
  readonly shape: readonly number[];
  readonly axes: readonly number[];
}

/**
 * Where one side of C has a single entry (a vector is multiplied), or nothing is summed, tiles would be mostly empty.
 * undefined for other contractions, and where no loop would find neighbours in the larger operand.
 */
export function slenderLoop(contraction: Contraction): SlenderLoop | undefined {
  const { operands, labels, output } = contraction;
  const { sizes, size, count, own, farFirst, ...all } = labelled(contraction);
  if (operands.length !== 2 || output.some((l) => !sizes.has(l))) return undefined;
  const summed = all.summed.filter((l) => size(l) !== 1);
  const [first, second] = [0, 1].map((operand) => count(output.filter(own(operand))));
  if (summed.length > 0 && Math.min(first, second) > 1) return undefined;
  const larger = first >= second ? 0 : 1;
  const near = labels[larger].some((l, axis) => size(l) > 1 && operands[larger].stride[axis] === 1);
  if (!near && count([...sizes.keys()]) > 1) return undefined;
  const nest = [...output, ...farFirst(larger, summed)];
  return { labels: nest, sizes, shape: nest.map(size), axes: summed.map((_, k) => output.length + k) };
}
