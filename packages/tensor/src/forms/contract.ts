import { type DType, promote, type TypedArray } from "../dtype.js";
import { forEachPosition, type Layout, positionsOf, sizeOf } from "../layout.js";
import { uninitialized } from "../memory.js";
import type { Contraction, Derivative, Primitive, Sample } from "../primitive.js";
import { fromData, type Tensor } from "../tensor.js";
import { alignLabels, labelSizes } from "./labels.js";
import { smallMatrixProduct } from "./matrix.js";
import { productOf } from "./product.js";

export interface ContractDeclaration<P> {
  /** How the operands are read and labelled, and the errors of shapes that do not fit. */
  contraction(inputs: readonly Layout[], params: P): Contraction;
  readonly derivative: Derivative<P>;
  readonly samples: readonly Sample<P>[];
}

/** A primitive that sums products of two operands over labelled axes. */
export function contractPrimitive<P>(name: string, declaration: ContractDeclaration<P>): Primitive<P> {
  const { contraction, derivative, samples } = declaration;
  return {
    name,
    form: { kind: "contract", contraction },
    derivative,
    samples,
    infer(inputs, params) {
      const { operands, labels, output } = contraction(
        inputs.map(({ shape }) => ({ shape, stride: shape.map(() => 0), offset: 0 })),
        params,
      );
      const sizes = labelSizes(operands, labels);
      return { shape: output.map((label) => sizes.get(label)!), dtype: inputs.map((x) => x.dtype).reduce(promote) };
    },
    evaluate(inputs, output, params) {
      const { operands, labels, output: kept } = contraction(inputs, params);
      return (
        smallMatrixProduct(inputs, operands, labels, kept, output.dtype) ??
        productOf(inputs, operands, labels, kept, output.dtype) ??
        fromData(contract(inputs, operands, labels, kept, output.dtype), output.dtype, output.shape)
      );
    },
  };
}

/** The reference: for each element of the output one loop nest over the labels that are summed. */
export function contract(
  [a, b]: readonly Tensor[],
  operands: readonly Layout[],
  labels: readonly (readonly number[])[],
  kept: readonly number[],
  dtype: DType,
): TypedArray {
  const sizes = labelSizes(operands, labels);
  const summed = [...sizes.keys()].filter((label) => !kept.includes(label));
  const [rowsA, rowsB] = operands.map((x, k) => alignLabels(x, labels[k], kept, sizes));
  const [termsA, termsB] = operands.map((x, k) => ({ ...alignLabels(x, labels[k], summed, sizes), offset: 0 }));
  const out = uninitialized(dtype, sizeOf(rowsA.shape));
  const startsB = positionsOf(rowsB);
  const offsetsA = positionsOf(termsA);
  const offsetsB = positionsOf(termsB);
  const total = dtype === "int32" || dtype === "uint8" ? integerDot : dot;
  forEachPosition(rowsA, (startA, n) => {
    out[n] = total(a.data, startA, offsetsA, b.data, startsB[n], offsetsB);
  });
  return out;
}

function dot(
  a: TypedArray,
  atA: number,
  offsetsA: Int32Array,
  b: TypedArray,
  atB: number,
  offsetsB: Int32Array,
): number {
  let total = 0;
  for (let k = 0; k < offsetsA.length; k++) total += a[atA + offsetsA[k]] * b[atB + offsetsB[k]];
  return total;
}

function integerDot(
  a: TypedArray,
  atA: number,
  offsetsA: Int32Array,
  b: TypedArray,
  atB: number,
  offsetsB: Int32Array,
): number {
  let total = 0;
  for (let k = 0; k < offsetsA.length; k++) total = (total + Math.imul(a[atA + offsetsA[k]], b[atB + offsetsB[k]])) | 0;
  return total;
}
