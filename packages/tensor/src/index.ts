export {
  arange,
  eye,
  full,
  linspace,
  type NdarrayLike,
  ones,
  type TensorLike,
  type TensorOptions,
  tensor,
  type Values,
  zeros,
} from "./create.js";
export { type DType, isFloating, promote, type TypedArray } from "./dtype.js";
export { type Binary, binary, type MapDeclaration, type Ternary, ternary, type Unary, unary } from "./forms/map.js";
export { apply, currentInterpreter, evaluate, type Interpreter, withInterpreter } from "./interpreter.js";
export { cholesky } from "./linalg/cholesky.js";
export { det, logdet } from "./linalg/determinant.js";
export { eigh } from "./linalg/eigh.js";
export { matrixSqrt } from "./linalg/matrixSqrt.js";
export { lstsq, type PseudoinverseOptions, pinv } from "./linalg/pinv.js";
export { qr } from "./linalg/qr.js";
export { inverse, solve } from "./linalg/solve.js";
export { solveTriangular, type TriangularParams } from "./linalg/solveTriangular.js";
export { svd } from "./linalg/svd.js";
export { lowerTriangle, upperTriangle } from "./linalg/triangle.js";
export { release } from "./memory.js";
export type {
  Contraction,
  Derivative,
  Domain,
  Form,
  Maybe,
  PartialDerivative,
  Primitive,
  Region,
  Sample,
  Signature,
  Site,
} from "./primitive.js";
export * from "./primitives/activation.js";
export * from "./primitives/arithmetic.js";
export { cast } from "./primitives/cast.js";
export * from "./primitives/comparison.js";
export { type ConvolutionOptions, conv1d, conv2d, type Padding } from "./primitives/convolution.js";
export { cumsum } from "./primitives/cumulative.js";
export { diagonal } from "./primitives/diagonal.js";
export { dot, einsum, matmul, outer, tensordot } from "./primitives/einsum.js";
export * from "./primitives/exponential.js";
export * from "./primitives/hyperbolic.js";
export { embedding, gather, oneHot, scatterAdd, take, takeAlongAxis } from "./primitives/indexing.js";
export { concat, pad, split, stack, tile } from "./primitives/joining.js";
export { type ArgOptions, argmax, argmin, argsort, type SortOptions, sort, topK } from "./primitives/ordering.js";
export { avgPool1d, avgPool2d, maxPool1d, maxPool2d, type PoolingOptions } from "./primitives/pooling.js";
export {
  all,
  any,
  max,
  mean,
  min,
  type NormOptions,
  norm,
  prod,
  type ReduceOptions,
  sum,
  type VarianceOptions,
  variance,
} from "./primitives/reduction.js";
export * from "./primitives/rounding.js";
export { flip, type Range, slice } from "./primitives/slice.js";
export { logSoftmax, logSumExp, softmax } from "./primitives/softmax.js";
export * from "./primitives/trigonometric.js";
export { cross, kron, trace, wedgeNorm } from "./primitives/vectors.js";
export {
  alias,
  broadcastTo,
  expandDims,
  flatten,
  matrixTranspose,
  moveAxis,
  onesLike,
  permute,
  reshape,
  squeeze,
  stopGradient,
  sumTo,
  transpose,
  zerosLike,
} from "./primitives/view.js";
export { type PerAxis, type WindowOptions, windows } from "./primitives/windows.js";
export {
  bernoulli,
  categorical,
  normal,
  permutation,
  type RandomOptions,
  randomBits,
  truncatedNormal,
  type UniformOptions,
  uniform,
} from "./random/distributions.js";
export { foldIn, randomKey, splitKey } from "./random/key.js";
export { normalQuantile } from "./random/quantile.js";
export { type Instruction, operation, type Scalar } from "./scalar/scalar.js";
export { forEachLeaf, leaves, mapLeaves, matchLeaves, type Structure } from "./structure.js";
export { type Nested, Tensor } from "./tensor.js";
