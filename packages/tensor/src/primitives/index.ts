import { choleskyPrimitive } from "../linalg/cholesky.js";
import * as determinant from "../linalg/determinant.js";
import { eighPrimitive } from "../linalg/eigh.js";
import { matrixSqrtPrimitive } from "../linalg/matrixSqrt.js";
import { pinvPrimitive } from "../linalg/pinv.js";
import { qrPrimitive } from "../linalg/qr.js";
import { solvePrimitive } from "../linalg/solve.js";
import { solveTriangularPrimitive } from "../linalg/solveTriangular.js";
import { svdPrimitive } from "../linalg/svd.js";
import { sylvesterPrimitive } from "../linalg/sylvester.js";
import type { Primitive } from "../primitive.js";
import * as bits from "../random/bits.js";
import { normalQuantile } from "../random/quantile.js";
import * as activation from "./activation.js";
import * as arithmetic from "./arithmetic.js";
import { castPrimitive } from "./cast.js";
import * as comparison from "./comparison.js";
import { convolutionPrimitive } from "./convolution.js";
import { cumsumPrimitive } from "./cumulative.js";
import { diagonalPrimitive } from "./diagonal.js";
import { einsumPrimitive } from "./einsum.js";
import * as exponential from "./exponential.js";
import * as hyperbolic from "./hyperbolic.js";
import * as indexing from "./indexing.js";
import * as ordering from "./ordering.js";
import * as reduction from "./reduction.js";
import * as rounding from "./rounding.js";
import * as slice from "./slice.js";
import * as trigonometric from "./trigonometric.js";
import * as view from "./view.js";
import { windowsPrimitive } from "./windows.js";

const families: readonly object[] = [
  arithmetic,
  exponential,
  trigonometric,
  hyperbolic,
  activation,
  comparison,
  rounding,
  reduction,
  view,
  slice,
  indexing,
  ordering,
  bits,
  determinant,
  {
    castPrimitive,
    choleskyPrimitive,
    convolutionPrimitive,
    cumsumPrimitive,
    diagonalPrimitive,
    eighPrimitive,
    einsumPrimitive,
    matrixSqrtPrimitive,
    normalQuantile,
    pinvPrimitive,
    qrPrimitive,
    solvePrimitive,
    solveTriangularPrimitive,
    svdPrimitive,
    sylvesterPrimitive,
    windowsPrimitive,
  },
];

const isPrimitive = (x: unknown): x is Primitive =>
  typeof x === "object" && x !== null && "form" in x && "derivative" in x && "evaluate" in x;

/** Every primitive of the engine: those exported by a family's file, and those behind its functions. */
export function allPrimitives(): Primitive[] {
  const found = families.flatMap((family) =>
    Object.values(family).flatMap((x: unknown) => {
      if (isPrimitive(x)) return [x];
      const behind = typeof x === "function" && "primitive" in x ? x.primitive : undefined;
      return isPrimitive(behind) ? [behind] : [];
    }),
  );
  return [...new Set(found)];
}
