import { forEachLeaf, leaves, mapLeaves, reshape, stack, type Tensor, tensor, zeros } from "@kinship/tensor";
import { checkFloatingOutput } from "./check.js";
import { grad } from "./gradient.js";
import { recordLinear } from "./linearize.js";
import { record } from "./reverse.js";
import type { Jacobian, Structured } from "./structured.js";

type Derivative<First, Rest extends readonly unknown[], Output> = (
  first: First,
  ...rest: Rest
) => Jacobian<Output, First>;

/** Zeros but for a one at row-major position `k`. */
function unit(x: Tensor, k: number): Tensor {
  const data = x.dtype === "float64" ? new Float64Array(x.size) : new Float32Array(x.size);
  data[k] = 1;
  return tensor(data, { shape: x.shape });
}

function floatingLeaves(name: string, output: unknown): Tensor[] {
  const found: Tensor[] = [];
  forEachLeaf(name, output, (y, path) => {
    found.push(checkFloatingOutput(name, y, path));
  });
  return found;
}

const sizeOf = (xs: readonly Tensor[]): number => xs.reduce((total, x) => total + x.size, 0);

/** `count` tensors of one shape along a new axis, which is then split into `shape`. */
function joined(parts: readonly Tensor[], axis: 0 | -1, full: readonly number[], like: Tensor): Tensor {
  return parts.length === 0 ? zeros(full, like.dtype) : reshape(stack(parts, axis), full);
}

/** blocks[i][j]: of output i in input j. */
function assemble<Output, Input>(
  name: string,
  output: Output,
  input: Input,
  block: (i: number, j: number) => Tensor,
): Jacobian<Output, Input> {
  let i = -1;
  // A tensor's place is taken by a structure, which mapLeaves hands through as it is.
  const inner = (): unknown => {
    i++;
    let j = 0;
    return mapLeaves(name, input, () => block(i, j++));
  };
  return mapLeaves(name, output, inner as () => Tensor) as unknown as Jacobian<Output, Input>;
}

/** One pullback for each number of the output, all over one tape. */
export function rowByRow<Input, Output>(name: string, f: (x: Input) => Output, x: Input) {
  const { tape, own, watched, result: output } = record(name, x, f);
  const outputs = floatingLeaves(name, output);
  const gradients = () => {
    const rows = outputs.map((y) =>
      Array.from({ length: y.size }, (_, k) => tape.pullback([[y, unit(y, k)]], watched)),
    );
    return assemble(name, output, own, (i, j) =>
      joined(
        rows[i].map((row) => row[j]),
        0,
        [...outputs[i].shape, ...watched[j].shape],
        watched[j],
      ),
    );
  };
  return { output, sizes: [sizeOf(outputs), sizeOf(watched)] as const, gradients };
}

/** One pushforward for each number of the input, all over one recording. */
function columnByColumn<Input, Output>(name: string, f: (x: Input) => Output, x: Input): Jacobian<Output, Input> {
  const { output, along } = recordLinear(name, x, f);
  const outputs = floatingLeaves(name, output);
  const inputs = leaves(name, x);
  const columns = inputs.map((leaf, j) =>
    Array.from({ length: leaf.size }, (_, k) => along(new Map([[j, unit(leaf, k)]]))),
  );
  return assemble(name, output, x, (i, j) =>
    joined(
      columns[j].map((column) => column[i]),
      -1,
      [...outputs[i].shape, ...inputs[j].shape],
      outputs[i],
    ),
  );
}

/**
 * All derivatives of `f` in its first argument, by reverse mode: one pass back for each number of the output. The other
 * arguments are constants. For tensors the shape is [...output shape, ...input shape]; for structures see `Jacobian`.
 * @example jacobianReverse((x) => mul(x, x))(tensor([1, 2]))   // tensor([[2, 0], [0, 4]])
 */
export const jacobianReverse =
  <
    First extends Structured<First> = Tensor,
    Rest extends readonly unknown[] = [],
    Output extends Structured<Output> = Tensor,
  >(
    f: (first: First, ...rest: Rest) => Output,
  ): Derivative<First, Rest, Output> =>
  (first, ...rest) =>
    rowByRow("jacobianReverse", (x: First) => f(x, ...rest), first).gradients();

/**
 * The same by forward mode: one pass for each number of the input, none of which runs `f` again.
 * @example jacobianForward((x) => mul(x, x))(tensor([1, 2]))   // tensor([[2, 0], [0, 4]])
 */
export const jacobianForward =
  <
    First extends Structured<First> = Tensor,
    Rest extends readonly unknown[] = [],
    Output extends Structured<Output> = Tensor,
  >(
    f: (first: First, ...rest: Rest) => Output,
  ): Derivative<First, Rest, Output> =>
  (first, ...rest) =>
    columnByColumn("jacobianForward", (x: First) => f(x, ...rest), first);

/**
 * The same by the mode that needs fewer passes: reverse where the output has no more numbers than the input.
 * @example jacobian((x) => mul(x, x))(tensor([1, 2]))   // tensor([[2, 0], [0, 4]])
 */
export const jacobian =
  <
    First extends Structured<First> = Tensor,
    Rest extends readonly unknown[] = [],
    Output extends Structured<Output> = Tensor,
  >(
    f: (first: First, ...rest: Rest) => Output,
  ): Derivative<First, Rest, Output> =>
  (first, ...rest) => {
    const body = (x: First) => f(x, ...rest);
    const { sizes, gradients } = rowByRow("jacobian", body, first);
    const [rows, columns] = sizes;
    return rows <= columns ? gradients() : columnByColumn("jacobian", body, first);
  };

/**
 * The second derivatives of a function of one number in its first argument, forward over reverse: for a tensor, of
 * shape [...shape, ...shape].
 * @throws RangeError where `f` gives more than one number.
 * @example hessian((x) => sum(mul(mul(x, x), x)))(tensor([1, 2]))   // tensor([[6, 0], [0, 12]])
 */
export const hessian =
  <First extends Structured<First> = Tensor, Rest extends readonly unknown[] = []>(
    f: (first: First, ...rest: Rest) => Tensor,
  ): Derivative<First, Rest, First> =>
  (first, ...rest) =>
    columnByColumn("hessian", (x: First) => grad<First, Rest>(f)(x, ...rest), first);
