import {
  checkpoint,
  customDerivative,
  grad,
  hessian,
  hvp,
  jacobianForward,
  jacobianOfTasks,
  jacobianReverse,
  jvp,
  linearize,
  valueAndGrad,
  vjp,
} from "@kinship/autodiff";
import {
  exp,
  type Interpreter,
  leaves,
  matmul,
  mul,
  type Primitive,
  type Signature,
  sum,
  Tensor,
  tanh,
  withInterpreter,
} from "@kinship/tensor";
import { expect, test } from "vitest";

/** A tensor whose numbers nobody may ask for, as a compiler's placeholders are. */
function placeholder({ shape, dtype }: Signature): Tensor {
  const storage = {
    version: 0,
    get data(): never {
      throw new Error("a recorded value was read");
    },
  };
  const stride = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  return new Tensor(storage, dtype, shape, stride, 0);
}

const recorder = (): Interpreter & { sites: number } => ({
  sites: 0,
  apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    this.sites++;
    return placeholder(primitive.infer(inputs, params));
  },
});

const vector = placeholder({ shape: [3], dtype: "float32" });
const matrix = placeholder({ shape: [3, 3], dtype: "float32" });
const net = (x: Tensor) => tanh(matmul(matrix, exp(x)));
const loss = (x: Tensor) => sum(mul(net(x), x));
const own = customDerivative(net, { vjp: (g, { output }) => [mul(g, output)] });

const transformations: Record<string, () => unknown> = {
  grad: () => grad(loss)(vector),
  "valueAndGrad with an auxiliary": () =>
    valueAndGrad((x) => [loss(x), net(x)] as const, { hasAuxiliary: true })(vector),
  vjp: () => vjp(net, [vector]).pullback(vector),
  jvp: () => jvp(net, [vector], [vector]),
  hvp: () => hvp(loss)(vector, vector),
  hessian: () => hessian(loss)(vector),
  jacobianForward: () => jacobianForward(net)(vector),
  jacobianReverse: () => jacobianReverse(net)(vector),
  linearize: () => linearize(net, [vector]).pushforward(vector),
  jacobianOfTasks: () => Object.values(jacobianOfTasks((x: Tensor) => ({ a: loss(x), b: sum(x) }))(vector)),
  "grad of checkpoint": () => grad((x) => loss(checkpoint(net)(x)))(vector),
  "grad of customDerivative": () => grad((x) => loss(own(x)))(vector),
  "jvp of customDerivative": () => jvp(own, [vector], [vector]),
  "hvp through customDerivative and checkpoint": () =>
    hvp((x) => loss(checkpoint((y: Tensor) => own(y))(x)))(vector, vector),
};

test.each(Object.entries(transformations))("%s can be recorded: it reads no values", (_, transformed) => {
  const recording = recorder();
  const found = withInterpreter(recording, transformed);
  expect(recording.sites).toBeGreaterThan(5);
  for (const x of leaves("test", found)) expect(x.shape.every((size) => size === 3)).toBe(true);
});
