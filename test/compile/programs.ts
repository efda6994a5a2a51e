import { type DType, isFloating, reshape, type Tensor, tanh, tensor } from "@kinship/tensor";
import fc from "fast-check";
import { Choices, count, dtypes, type Known, type Line, largest, made, mostElements } from "./known.js";
import { operations } from "./operations.js";

export interface RandomProgram {
  readonly inputs: readonly { readonly shape: readonly number[]; readonly dtype: DType; readonly seed: number }[];
  readonly lines: readonly Line[];
  readonly outputs: readonly number[];
}

/** The program as a function, and after a call how far each result may be off. */
export function interpret({ inputs, lines, outputs }: RandomProgram): {
  readonly inputs: Tensor[];
  readonly f: (...xs: Tensor[]) => Tensor[];
  readonly tolerances: () => number[];
} {
  let errors: number[] = [];
  const f = (...xs: Tensor[]): Tensor[] => {
    const all = xs.map(
      (x): Known => ({ x, bound: isFloating(x.dtype) ? 4 : 12, unit: isFloating(x.dtype) ? 1 / 8 : 1, error: 0 }),
    );
    for (const line of lines) {
      // Later values are taken more often, so that programs are deep.
      const operand = (k: number): Known => all[all.length - 1 - (line.operands[k] % all.length)];
      const value = operations[line.operation % operations.length](operand, new Choices(line), all);
      if (!value || value.x.size > mostElements || value.x.dimension > 5) continue;
      if (value.bound <= largest) all.push(value);
      else if (isFloating(value.x.dtype)) all.push(made(tanh(value.x), 1, 0, value.error));
      else all.push(value);
    }
    const results = [all[all.length - 1], ...outputs.map((k) => all[all.length - 1 - (k % all.length)])];
    errors = results.map(({ error }) => error);
    return results.map(({ x }) => x);
  };
  return { inputs: inputs.map(numbers), f, tolerances: () => errors };
}

/** Multiples of 1/8 from −4 to 4, or whole numbers from 0 to 12; every third input is stored backwards. */
function numbers({ shape, dtype, seed }: RandomProgram["inputs"][number]): Tensor {
  let state = seed + 1;
  const draw = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state >>> 8;
  };
  const size = count(shape);
  const values = Array.from({ length: size }, () => (isFloating(dtype) ? (draw() % 65) / 8 - 4 : draw() % 13));
  const flat = tensor(values, { shape: [size], dtype });
  const x = reshape(seed % 3 === 0 && size > 0 ? reversed(flat) : flat, shape);
  return seed % 3 === 1 ? x : seed % 3 === 0 ? x : tensor(x.toTypedArray(), { shape });
}

/** The same numbers, last to first in memory. */
function reversed(x: Tensor): Tensor {
  const data = x.toTypedArray().reverse();
  return tensor({ data, shape: x.shape, stride: [-1], offset: x.size - 1 });
}

const size = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 2, 3, 4, 5, 6) },
  { weight: 3, arbitrary: fc.constantFrom(7, 8, 9, 16, 17, 33) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const shape = fc.oneof(
  { weight: 8, arbitrary: fc.array(size, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom([1025], [5000], [2, 1500], [700, 3], [16, 16, 4], [1, 1, 6, 6]) },
);

export const randomProgram: fc.Arbitrary<RandomProgram> = fc.record({
  inputs: fc.array(
    fc.record({
      shape: shape.filter((s) => count(s) <= mostElements),
      dtype: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...dtypes.slice(0, 2)) },
        { weight: 1, arbitrary: fc.constantFrom(...dtypes) },
      ),
      seed: fc.nat(1000),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  lines: fc.array(
    fc.record({
      operation: fc.nat(operations.length - 1),
      operands: fc.tuple(fc.nat(7), fc.nat(7)),
      choices: fc.array(fc.nat(11), { minLength: 1, maxLength: 8 }),
    }),
    { minLength: 2, maxLength: 80, size: "max" },
  ),
  outputs: fc.array(fc.nat(20), { maxLength: 6 }),
});
