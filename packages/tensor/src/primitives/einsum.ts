import type { TensorLike } from "../create.js";
import { contractPrimitive } from "../forms/contract.js";
import { operands } from "../forms/operands.js";
import { apply } from "../interpreter.js";
import { broadcastShapes, normalizeAxis, show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { mul } from "./arithmetic.js";
import { diagonal } from "./diagonal.js";
import { sum } from "./reduction.js";
import { expandDims, moveAxis, permute, reshape } from "./view.js";

export interface EinsumParams {
  readonly labels: readonly [readonly number[], readonly number[]];
  readonly output: readonly number[];
}

/** Each label stands once in an operand, and in the output or in both operands. */
export const einsumPrimitive: Primitive<EinsumParams> = /* @__PURE__ */ contractPrimitive<EinsumParams>("einsum", {
  contraction: (inputs, { labels, output }) => ({ operands: inputs, labels, output }),
  derivative: {
    kind: "multilinear",
    adjoint: (g, input, { inputs, params: { labels, output } }) =>
      apply(einsumPrimitive, [g, inputs[1 - input]], { labels: [output, labels[1 - input]], output: labels[input] }),
  },
  samples: [
    {
      shapes: [
        [3, 4],
        [4, 2],
      ],
      params: {
        labels: [
          [0, 1],
          [1, 2],
        ],
        output: [0, 2],
      },
    },
    {
      shapes: [
        [2, 3, 4],
        [5, 4, 2],
      ],
      params: {
        labels: [
          [0, 1, 2],
          [3, 2, 0],
        ],
        output: [3, 0, 1],
      },
    },
    { shapes: [[3], [4]], params: { labels: [[0], [1]], output: [0, 1] } },
    { shapes: [[5], [5]], params: { labels: [[0], [0]], output: [] } },
  ],
});

interface Term {
  readonly value: Tensor;
  readonly labels: string[];
}

/**
 * Einstein's summation: `einsum("ij,jk->ik", a, b)` is the matrix product. Without `->` the output has the labels that
 * stand once, in alphabetical order. Several operands are contracted from left to right.
 * @throws RangeError for sizes that differ under one label, for a label of the output that no operand has.
 * @example einsum("ij,jk->ik", tensor([[1, 2]]), tensor([[3], [4]]))
 */
export function einsum(equation: string, ...inputs: TensorLike[]): Tensor {
  const [left, right] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  const values = operands("einsum", inputs);
  if (terms.length !== values.length)
    throw new RangeError(`einsum: "${equation}" names ${terms.length} operands, found ${values.length}`);
  const output = right === undefined ? implied(terms) : [...right];
  checkEquation(equation, terms, values, output);
  const all = terms.map((labels, k) => withoutRepeats({ value: values[k], labels: [...labels] }));
  let done = withoutUnused(all[0], new Set([...all.slice(1).flatMap((t) => t.labels), ...output]));
  for (let k = 1; k < all.length; k++) {
    const later = new Set([...all.slice(k + 1).flatMap((t) => t.labels), ...output]);
    done = pair(done, all[k], later);
  }
  return permute(
    done.value,
    output.map((label) => done.labels.indexOf(label)),
  );
}

const implied = (terms: readonly string[]): string[] => {
  const all = terms.join("");
  return [...new Set(all)].filter((label) => all.split(label).length === 2).sort();
};

function checkEquation(equation: string, terms: string[], values: Tensor[], output: string[]): void {
  const sizes = new Map<string, number>();
  terms.forEach((labels, k) => {
    if (!/^[A-Za-z]*$/.test(labels) || labels.length !== values[k].dimension)
      throw new RangeError(
        `einsum: "${labels}" in "${equation}" does not name the ${values[k].dimension} axes of shape ${show(values[k].shape)}, one letter each`,
      );
    [...labels].forEach((label, axis) => {
      const size = values[k].shape[axis];
      if ((sizes.get(label) ?? size) !== size)
        throw new RangeError(`einsum: label ${label} of "${equation}" has sizes ${sizes.get(label)} and ${size}`);
      sizes.set(label, size);
    });
  });
  for (const label of output)
    if (!sizes.has(label) || output.indexOf(label) !== output.lastIndexOf(label))
      throw new RangeError(
        `einsum: the output of "${equation}" names ${label}, which must stand in an operand and once`,
      );
}

/** A label that stands twice in one operand reads its diagonal. */
function withoutRepeats({ value, labels }: Term): Term {
  const twice = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
  if (twice < 0) return { value, labels };
  const first = labels.indexOf(labels[twice]);
  const rest = labels.filter((_, axis) => axis !== first && axis !== twice);
  const last = value.dimension - 1;
  const moved = moveAxis(moveAxis(value, twice, last), first, last - 1);
  return withoutRepeats({ value: diagonal(moved), labels: [...rest, labels[twice]] });
}

function withoutUnused({ value, labels }: Term, used: ReadonlySet<string>): Term {
  const axes = labels.flatMap((label, axis) => (used.has(label) ? [] : [axis]));
  return axes.length === 0
    ? { value, labels }
    : { value: sum(value, { axis: axes }), labels: labels.filter((label) => used.has(label)) };
}

function pair(left: Term, right: Term, later: ReadonlySet<string>): Term {
  const a = withoutUnused(left, new Set([...right.labels, ...later]));
  const b = withoutUnused(right, new Set([...left.labels, ...later]));
  const output = [...new Set([...a.labels, ...b.labels])].filter((label) => later.has(label));
  const number = [...new Set([...a.labels, ...b.labels])];
  const code = (labels: readonly string[]) => labels.map((label) => number.indexOf(label));
  const value = apply(einsumPrimitive, [a.value, b.value], {
    labels: [code(a.labels), code(b.labels)],
    output: code(output),
  });
  return { value, labels: output };
}

const matrixLabels: EinsumParams = {
  labels: [
    [0, 1],
    [1, 2],
  ],
  output: [0, 2],
};

/**
 * The product of matrices, or of batches of them by broadcasting the leading axes; a vector counts as a row on the
 * left and as a column on the right, and its axis is dropped, as in NumPy.
 * @throws RangeError where the inner sizes differ.
 * @example matmul(tensor([[1, 2], [3, 4]]), tensor([[1], [1]]))
 */
export function matmul(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = operands("matmul", [x, y]);
  if (a.dimension === 0 || b.dimension === 0)
    throw new RangeError(
      `matmul: expected vectors or matrices, found shapes ${show(a.shape)} and ${show(b.shape)}; use mul`,
    );
  const inner = b.shape[Math.max(b.dimension - 2, 0)];
  if (a.shape[a.dimension - 1] !== inner)
    throw new RangeError(`matmul: inner sizes differ, ${show(a.shape)} and ${show(b.shape)}; transpose one of them?`);
  if (a.dimension === 2 && b.dimension === 2) return apply(einsumPrimitive, [a, b], matrixLabels);
  // Labels: batch axes 0…, then row, inner, column. An axis of size 1 against a larger one is dropped, not repeated.
  const leads = [a, b].map((x) => x.shape.slice(0, -2));
  const lead = broadcastShapes("matmul: leading axes", leads);
  const batch = [...lead.keys()];
  const [row, middle, column] = [0, 1, 2].map((k) => lead.length + k);
  const labelled = (x: Tensor, k: number, own: number[]) => {
    const axes = [...leads[k].keys()];
    const labels = [...axes.map((axis) => axis + lead.length - axes.length), ...own];
    const dropped = axes.filter((axis) => x.shape[axis] !== lead[labels[axis]]);
    return {
      value: dropAxes(x, dropped),
      labels: labels.filter((_, axis) => !dropped.includes(axis)),
    };
  };
  const rows = a.dimension === 1 ? [] : [row];
  const columns = b.dimension === 1 ? [] : [column];
  const left = labelled(a, 0, [...rows, middle]);
  const right = labelled(b, 1, [middle, ...columns]);
  const output = [...batch, ...rows, ...columns];
  return apply(einsumPrimitive, [left.value, right.value], { labels: [left.labels, right.labels], output });
}

const dropAxes = (x: Tensor, axes: readonly number[]): Tensor =>
  reshape(
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );

/** The sum of products of two vectors. @example dot(tensor([1, 2]), tensor([3, 4])) */
export function dot(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = operands("dot", [x, y]);
  if (a.dimension !== 1 || b.dimension !== 1)
    throw new RangeError(`dot: expected two vectors, found shapes ${show(a.shape)} and ${show(b.shape)}; use matmul`);
  return matmul(a, b);
}

/** All products of the entries of two vectors, [n, m]. @example outer(tensor([1, 2]), tensor([3, 4])) */
export function outer(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = operands("outer", [x, y]);
  if (a.dimension !== 1 || b.dimension !== 1)
    throw new RangeError(`outer: expected two vectors, found shapes ${show(a.shape)} and ${show(b.shape)}`);
  return mul(expandDims(a, 1), b);
}

/**
 * Sums over axes of `x` matched with axes of `y`: the last `n` of `x` with the first `n` of `y`, or the axes named.
 * @example tensordot(tensor([[1, 2], [3, 4]]), tensor([1, 1]), 1)
 */
export function tensordot(
  x: TensorLike,
  y: TensorLike,
  axes: number | readonly [readonly number[], readonly number[]],
): Tensor {
  const [a, b] = operands("tensordot", [x, y]);
  const count = (n: number, from: number) => Array.from({ length: n }, (_, k) => from + k);
  const [left, right] = typeof axes === "number" ? [count(axes, a.dimension - axes), count(axes, 0)] : axes;
  const own = left.map((axis) => normalizeAxis("tensordot", axis, a.dimension));
  const other = right.map((axis) => normalizeAxis("tensordot", axis, b.dimension));
  if (own.length !== other.length || own.some((axis, k) => a.shape[axis] !== b.shape[other[k]]))
    throw new RangeError(
      `tensordot: axes ${show(left)} of ${show(a.shape)} and ${show(right)} of ${show(b.shape)} differ in number or size`,
    );
  const labelsA = count(a.dimension, 0);
  const labelsB = count(b.dimension, a.dimension).map((label, axis) =>
    other.includes(axis) ? own[other.indexOf(axis)] : label,
  );
  const output = [...labelsA.filter((l) => !own.includes(l)), ...labelsB.filter((_, axis) => !other.includes(axis))];
  return apply(einsumPrimitive, [a, b], { labels: [labelsA, labelsB], output });
}
