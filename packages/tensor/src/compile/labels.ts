import { alignLabels, labelSizes } from "../forms/labels.js";
import { sizeOf } from "../layout.js";
import type { Contraction } from "../primitive.js";

/** One stride for several axes walked as one, where there is one; axes of size 1 do not matter. */
export function merged(sizes: readonly number[], strides: readonly number[]): number | undefined {
  let stride: number | undefined;
  let extent = 1;
  for (let k = sizes.length - 1; k >= 0; k--) {
    if (sizes[k] === 1) continue;
    if (stride === undefined) stride = strides[k];
    else if (strides[k] !== stride * extent) return undefined;
    extent *= sizes[k];
  }
  return stride ?? 0;
}

type Group = readonly number[];

export type Labelled = ReturnType<typeof labelled>;

/** What is asked about the labels of a contraction to decide how it is computed. */
export function labelled({ operands, labels, output }: Contraction) {
  const sizes = labelSizes(operands, labels);
  const size = (l: number): number => sizes.get(l)!;
  const own = (operand: number) => (l: number) => labels[operand].includes(l) && !labels[1 - operand].includes(l);
  const strides = (operand: number, group: Group) =>
    alignLabels(operands[operand], labels[operand], group, sizes).stride;
  const last = output[output.length - 1];
  // The columns of C come from the right operand: the second one, unless the output's last label is the first one's alone.
  const [left, right] = last !== undefined && own(0)(last) ? ([1, 0] as const) : ([0, 1] as const);
  return {
    sizes,
    left,
    right,
    size,
    count: (group: Group): number => sizeOf(group.map(size)),
    summed: [...sizes.keys()].filter((l) => !output.includes(l)),
    /** Whether it is this operand's alone. */
    own,
    /** How far apart neighbours along each of these are in an operand. */
    strides,
    /** One stride for all of these taken as one; undefined where there is none. */
    together: (operand: number, group: Group) => merged(group.map(size), strides(operand, group)),
    /** Those with the largest strides in an operand first. */
    farFirst: (operand: number, group: Group): number[] => {
      const step = (l: number) => Math.abs(strides(operand, [l])[0]);
      return [...group].sort((p, q) => step(q) - step(p));
    },
  };
}

/** The end of the output that is such labels alone. */
export function trailing(output: Group, belongs: (label: number) => boolean): number[] {
  let from = output.length;
  while (from > 0 && belongs(output[from - 1])) from--;
  return output.slice(from);
}
