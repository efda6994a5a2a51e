import type { TensorLike } from "../create.js";
import { type DType, promote } from "../dtype.js";
import { apply } from "../interpreter.js";
import { broadcastShapes, sameShape } from "../layout.js";
import type { Domain, PartialDerivative, Primitive, Signature } from "../primitive.js";
import { prepare, run, scalarType } from "../scalar/evaluate.js";
import { input, type Scalar } from "../scalar/scalar.js";
import { fromData, type Tensor } from "../tensor.js";
import { operands } from "./operands.js";

export interface MapDeclaration {
  /** The body, of as many arguments as the operation has inputs. */
  readonly body: (...x: Scalar[]) => Scalar;
  /** The partial derivative in each input, or "zero" where it is locally constant. */
  readonly partials: readonly PartialDerivative[] | "zero";
  /** The element type of the result. Default: the widest of the inputs'. */
  readonly dtype?: (inputs: readonly DType[]) => DType;
  readonly domains?: readonly Domain[];
}

/** An elementwise primitive: a body for one element, applied to the inputs broadcast against each other. */
function mapPrimitive(name: string, arity: number, declaration: MapDeclaration): Primitive<void> {
  const body = declaration.body(...Array.from({ length: arity }, (_, k) => input(k)));
  const { partials, dtype } = declaration;
  return {
    name,
    form: { kind: "map", body },
    derivative: partials === "zero" ? { kind: "zero" } : { kind: "partials", of: partials },
    samples: [
      {
        shapes: [
          [3, 1],
          [1, 4],
          [3, 4],
        ]
          .slice(arity === 1 ? 2 : 0)
          .slice(0, arity),
        params: undefined,
        ...(declaration.domains && { domains: declaration.domains }),
      },
    ],
    infer: (inputs) => ({
      shape: commonShape(name, inputs),
      dtype: dtype ? dtype(inputs.map((x) => x.dtype)) : widest(inputs),
    }),
    evaluate: evaluator(body),
  };
}

/** Evaluates a body over inputs broadcast to the output; it is made ready once for each combination of types. */
export function evaluator(body: Scalar): Primitive["evaluate"] {
  const prepared = new Map<number, ReturnType<typeof prepare>>();
  return (inputs, output) => {
    let key = 1;
    for (const x of inputs) key = key * 2 + (scalarType(x.dtype) === "float" ? 1 : 0);
    let code = prepared.get(key);
    if (!code) {
      code = prepare(
        body,
        inputs.map((x) => scalarType(x.dtype)),
      );
      prepared.set(key, code);
    }
    return fromData(run(code, inputs, output.dtype, output.shape), output.dtype, output.shape);
  };
}

function widest(inputs: readonly Signature[]): DType {
  let dtype = inputs[0].dtype;
  for (let k = 1; k < inputs.length; k++) dtype = promote(dtype, inputs[k].dtype);
  return dtype;
}

/** The shape that all broadcast to; most often it is that of each, or of all but numbers, and nothing has to be made. */
function commonShape(name: string, inputs: readonly Signature[]): readonly number[] {
  let { shape } = inputs[0];
  for (let k = 1; k < inputs.length; k++) {
    const other = inputs[k].shape;
    if (shape.length === 0) shape = other;
    else if (other.length !== 0 && !sameShape(shape, other))
      return broadcastShapes(
        name,
        inputs.map((x) => x.shape),
      );
  }
  return shape;
}

export type Operation<Arguments extends TensorLike[]> = ((...inputs: Arguments) => Tensor) & {
  readonly primitive: Primitive<void>;
};
export type Unary = Operation<[x: TensorLike]>;
export type Binary = Operation<[x: TensorLike, y: TensorLike]>;
export type Ternary = Operation<[x: TensorLike, y: TensorLike, z: TensorLike]>;

function operationOf<Arguments extends TensorLike[]>(primitive: Primitive<void>): Operation<Arguments> {
  const call = (...inputs: Arguments) => {
    if (inputs.length !== primitive.samples[0].shapes.length)
      throw new TypeError(
        `${primitive.name}: expected ${primitive.samples[0].shapes.length} operands, found ${inputs.length}`,
      );
    return apply(primitive, operands(primitive.name, inputs), undefined);
  };
  return Object.assign(call, { primitive });
}

export const unary = (name: string, declaration: MapDeclaration): Unary =>
  operationOf(mapPrimitive(name, 1, declaration));
export const binary = (name: string, declaration: MapDeclaration): Binary =>
  operationOf(mapPrimitive(name, 2, declaration));
export const ternary = (name: string, declaration: MapDeclaration): Ternary =>
  operationOf(mapPrimitive(name, 3, declaration));
