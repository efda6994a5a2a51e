import {
  checkpoint,
  customDerivative,
  grad,
  hessian,
  hvp,
  jacobian,
  jacobianOfTasks,
  jvp,
  linearize,
  valueAndGrad,
} from "@kinship/autodiff";
import { exp, leaves, matmul, mean, mul, sin, square, sub, sum, type Tensor, tanh } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { expect, test } from "vitest";
import { f64, near } from "./support.js";

const matrix = f64([
  [0.5, -1],
  [2, 0.25],
]);
const at = f64([0.3, -0.8]);
const v = f64([1, 2]);
const net = (x: Tensor): Tensor => tanh(matmul(matrix, exp(x)));
const loss = (x: Tensor): Tensor => mean(square(sub(net(x), sin(x))));
const own = customDerivative(net, {
  jvp: ([t], { arguments: [x], output }) => mul(sub(1, square(output)), matmul(matrix, mul(exp(x), t))),
});

const transformed: Record<string, (x: Tensor) => unknown> = {
  grad: grad(loss),
  "valueAndGrad with an auxiliary": valueAndGrad((x) => [loss(x), net(x)] as const, { hasAuxiliary: true }),
  jvp: (x) => jvp(net, [x], [v]),
  hvp: (x) => hvp(loss)(x, v),
  hessian: hessian(loss),
  jacobian: jacobian(net),
  linearize: (x) => linearize(net, [x]).pushforward(v),
  jacobianOfTasks: (x) => jacobianOfTasks((y: Tensor) => [loss(y), sum(y)])(x).gradients,
  "grad of checkpoint": grad((x) => loss(checkpoint(net)(x))),
  "grad of customDerivative": grad((x) => sum(own(x))),
  "hvp of both": (x) => hvp((y) => sum(checkpoint((z: Tensor) => own(z))(square(y))))(x, v),
};

test.each(Object.entries(transformed))("%s compiled gives the same numbers", (_, f) => {
  const expected = leaves("test", f(at));
  leaves("test", compile(f)(at)).forEach((x, k) => {
    near(x, expected[k].toArray(), 1e-13);
  });
});

test("a compiled function is differentiated like the function itself", () => {
  near(grad(compile(loss))(at), grad(loss)(at).toArray());
  near(grad(checkpoint(compile(loss)))(at), grad(loss)(at).toArray());
  expect(own(at).toArray()).toEqual(net(at).toArray());
});
