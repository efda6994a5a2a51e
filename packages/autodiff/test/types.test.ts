import {
  checkpoint,
  customDerivative,
  directionalDerivative,
  grad,
  hessian,
  hvp,
  jacobian,
  jacobianOfTasks,
  jvp,
  linearize,
  type Structured,
  valueAndGrad,
  vjp,
} from "@kinship/autodiff";
import { mul, type Structure, sum, type Tensor, tensor } from "@kinship/tensor";
import { expectTypeOf, test } from "vitest";

// The compiler is what tests this file: bodies are not run.

interface Layer {
  readonly weights: Tensor;
  readonly bias: Tensor;
}
interface Parameters {
  trunk: readonly Layer[];
  heads: { [task: string]: Layer };
}
type Pair = readonly [first: Tensor, second: { deep: Tensor }];

const notRun = (_: () => void): void => undefined;
const x = tensor(1);
declare const parameters: Parameters;
declare const pair: Pair;
declare const loss: (p: Parameters, rate: number, y: Tensor) => Tensor;

test("gradients keep the type of what they are taken in", () =>
  notRun(() => {
    expectTypeOf(grad(loss)).toEqualTypeOf<(first: Parameters, rate: number, y: Tensor) => Parameters>();
    expectTypeOf(grad((y) => sum(y))).toEqualTypeOf<(first: Tensor) => Tensor>();
    expectTypeOf(valueAndGrad(loss)(parameters, 1, x)).toEqualTypeOf<[value: Tensor, gradient: Parameters]>();
    expectTypeOf(grad(loss, { arguments: [2, 0] })(parameters, 1, x)).toEqualTypeOf<[Tensor, Parameters]>();
    expectTypeOf(valueAndGrad(loss, { arguments: [0] })(parameters, 1, x)).toEqualTypeOf<
      [value: Tensor, gradients: [Parameters]]
    >();
    const both = (p: Parameters, name: string) => [p.trunk[0].bias, { name }] as const;
    expectTypeOf(grad(both, { hasAuxiliary: true })(parameters, "a")).toEqualTypeOf<
      [gradient: Parameters, auxiliary: { readonly name: string }]
    >();
    expectTypeOf(valueAndGrad(both, { arguments: [0], hasAuxiliary: true })(parameters, "a")).toEqualTypeOf<
      [value: Tensor, gradients: [Parameters], auxiliary: { readonly name: string }]
    >();
    expectTypeOf(hvp((p: Pair) => p[0])(pair, pair)).toEqualTypeOf<Pair>();
  }));

test("wrong gradients do not compile", () =>
  notRun(() => {
    // @ts-expect-error: a rate is a number, not tensors
    grad(loss, { arguments: [1] });
    // @ts-expect-error: there are three arguments
    grad(loss, { arguments: [3] });
    // @ts-expect-error: the first argument is a number
    grad((rate: number) => mul(x, rate));
    // @ts-expect-error: numbers have no place among tensors
    grad((p: { w: Tensor; rate: number }) => mul(p.w, p.rate));
    // @ts-expect-error: nor have functions
    grad((p: { w: Tensor; f: () => Tensor }) => p.f());
    // @ts-expect-error: the result is not a tensor
    grad((y: Tensor) => [y, y]);
    // @ts-expect-error: the result is a promise
    grad(async (y: Tensor) => y);
    // @ts-expect-error: an auxiliary is announced
    grad((y: Tensor) => [y, "auxiliary"] as const);
    // @ts-expect-error: an announced auxiliary is missing
    grad((y: Tensor) => y, { hasAuxiliary: true });
    // @ts-expect-error: the function takes parameters
    grad(loss)(x, 1, x);
  }));

test("both modes keep the types of arguments and results", () =>
  notRun(() => {
    const f = (p: Parameters, y: Tensor) => ({ score: p.trunk[0].bias, parts: [y, y] as const });
    type Result = ReturnType<typeof f>;
    expectTypeOf(jvp(f, [parameters, x], [parameters, x])).toEqualTypeOf<[output: Result, tangent: Result]>();
    const back = vjp(f, [parameters, x]);
    expectTypeOf(back.output).toEqualTypeOf<Result>();
    expectTypeOf(back.pullback).toEqualTypeOf<(cotangent: Result) => [p: Parameters, y: Tensor]>();
    expectTypeOf(linearize(f, [parameters, x]).pushforward).toEqualTypeOf<(p: Parameters, y: Tensor) => Result>();
    expectTypeOf(directionalDerivative((p: Pair) => p[1])(pair, pair)).toEqualTypeOf<{ deep: Tensor }>();
    // @ts-expect-error: one argument is missing
    vjp(f, [parameters]);
    // @ts-expect-error: a tangent of another structure
    jvp(f, [parameters, x], [parameters, parameters]);
    // @ts-expect-error: a cotangent of another structure
    back.pullback(x);
    // @ts-expect-error: the result has no tensors
    vjp(() => "text", [x]);
  }));

test("Jacobians have the input's structure at each tensor of the output", () =>
  notRun(() => {
    expectTypeOf(jacobian((y: Tensor) => y)(x)).toEqualTypeOf<Tensor>();
    expectTypeOf(jacobian((p: Pair) => ({ a: p[0], b: [p[0]] as const }))(pair)).toEqualTypeOf<{
      readonly a: Pair;
      readonly b: readonly [Pair];
    }>();
    expectTypeOf(hessian((p: { a: Tensor; b: Tensor }) => p.a)({ a: x, b: x }).a).toEqualTypeOf<{
      a: Tensor;
      b: Tensor;
    }>();
    const tasks = jacobianOfTasks((p: Parameters, _rows: Tensor[]) => ({ price: p.trunk[0].bias, class: x }));
    expectTypeOf(tasks(parameters, [x]).gradients.price).toEqualTypeOf<Parameters>();
    expectTypeOf(tasks(parameters, [x]).losses).toEqualTypeOf<{ price: Tensor; class: Tensor }>();
    // @ts-expect-error: the Hessian is of one number
    hessian((y: Tensor) => [y]);
  }));

test("wrapped functions keep their signature", () =>
  notRun(() => {
    const f = (p: Parameters, y: Tensor): Pair => [y, { deep: p.trunk[0].bias }];
    expectTypeOf(checkpoint(f)).toEqualTypeOf<(p: Parameters, y: Tensor) => Pair>();
    expectTypeOf(customDerivative(f, { vjp: (_g, point) => point.arguments })).toEqualTypeOf<
      (p: Parameters, y: Tensor) => Pair
    >();
    // @ts-expect-error: neither direction
    customDerivative(f, {});
    // @ts-expect-error: the pullback gives one cotangent for each argument
    customDerivative(f, { vjp: (g) => [g[0]] });
    // @ts-expect-error: the tangent is the output's
    customDerivative(f, { jvp: ([p]) => p });
    // @ts-expect-error: numbers are no arguments of a rule
    checkpoint((rate: number) => mul(x, rate));
  }));

test("generic code compiles", () =>
  notRun(() => {
    const step = <P extends Structured<P>>(f: (p: P) => Tensor, p: P): P => grad(f)(p);
    const old = <P extends Structure>(f: (p: P) => Tensor, p: P): P => grad(f)(p);
    expectTypeOf(step((p: Parameters) => p.trunk[0].bias, parameters)).toEqualTypeOf<Parameters>();
    expectTypeOf(old((p: Pair) => p[0], pair)).toEqualTypeOf<Pair>();
  }));
