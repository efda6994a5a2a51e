import { grad, valueAndGrad } from "@kinship/autodiff";
import { add, mul, sum, type Tensor, tensor } from "@kinship/tensor";
import { type Compiled, compile, compiler, scan } from "@kinship/tensor/compile";
import { expectTypeOf, test } from "vitest";

// The compiler is what tests this file: bodies are not run.

interface Line {
  readonly weights: Tensor;
  readonly bias: Tensor;
}

const notRun = (_: () => void): void => undefined;
const x = tensor(1);
declare const line: Line;
declare const loss: (line: Line, rate: number, y?: Tensor) => Tensor;

test("a compiled function has the types of the function", () =>
  notRun(() => {
    expectTypeOf(compile(loss)).toEqualTypeOf<Compiled<[line: Line, rate: number, y?: Tensor], Tensor>>();
    expectTypeOf(compile(valueAndGrad(loss))(line, 1)).toEqualTypeOf<[value: Tensor, gradient: Line]>();
    expectTypeOf(grad(compile(loss))(line, 1, x)).toEqualTypeOf<Line>();
    expectTypeOf(compile(() => [x, 1] as const)()).toEqualTypeOf<readonly [Tensor, 1]>();
  }));

test("parameters without a type are tensors, one for each", () =>
  notRun(() => {
    expectTypeOf(compile((a, b) => add(a, b))).toEqualTypeOf<Compiled<[a: Tensor, b: Tensor], Tensor>>();
    expectTypeOf(compile((a, times: number) => mul(a, times))).toEqualTypeOf<
      Compiled<[a: Tensor, times: number], Tensor>
    >();
    expectTypeOf(compiler({ routines: {} })((a) => ({ a }))(x)).toEqualTypeOf<{ a: Tensor }>();
    expectTypeOf(compile(grad((a) => sum(a)))(x)).toEqualTypeOf<Tensor>();
    expectTypeOf(scan((s, y) => ({ state: add(s, y), output: [s] }), x, x).output).toEqualTypeOf<Tensor[]>();
  }));

test("wrong calls do not compile", () =>
  notRun(() => {
    const square = compile((a) => mul(a, a));
    // @ts-expect-error: a number is not a tensor
    square(1);
    // @ts-expect-error: an argument is missing
    square();
    // @ts-expect-error: an argument too many
    square(x, x);
    // @ts-expect-error: the same for explain
    square.explain([x]);
    // @ts-expect-error: positions are numbers
    compile(loss, { donate: ["line"] });
    // @ts-expect-error: threads are opened, not counted
    compile(loss, { threads: 2 });
    // @ts-expect-error: a state keeps its type
    scan((s: Line, y: Tensor) => ({ state: mul(s.bias, y), output: y }), line, x);
  }));
