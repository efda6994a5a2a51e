import { add, greater, mul, ones, outer, slice, sum, type Tensor, tensor, where, zeros } from "@kinship/tensor";
import { compile, scan } from "@kinship/tensor/compile";
import { afterEach, describe, expect, test } from "vitest";

/** Runs `body` while a property has another value. */
function replacing(object: object, key: string, value: unknown, body: () => void): void {
  const own = Object.getOwnPropertyDescriptor(object, key)!;
  Object.defineProperty(object, key, { value, configurable: true, writable: true });
  try {
    body();
  } finally {
    Object.defineProperty(object, key, own);
  }
}

const square = compile((x: Tensor) => mul(x, x));
// Whatever went wrong, what was compiled before and what is compiled after works.
afterEach(() => {
  expect(square(tensor([3])).item()).toBe(9);
  expect(compile((x: Tensor) => add(x, 1))(tensor([3])).item()).toBe(4);
});

describe("what cannot be compiled is an error that says what to do", () => {
  const x = tensor([1, 2]);
  const cases: [string, () => unknown, RegExp][] = [
    [
      "reading an element",
      () => compile((y: Tensor) => (y.get(0) > 0 ? y : mul(y, 2)))(x),
      /was read.*choose with where/,
    ],
    ["reading a number", () => compile((y: Tensor) => sum(y).item())(x), /was read while.*return it/],
    ["reading an array", () => compile((y: Tensor) => add(y, 1).toArray())(x), /was read/],
    ["writing an element", () => compile((y: Tensor) => y.set(0, 1))(x), /was read/],
    [
      "a shape that depends on data",
      () => compile((y: Tensor) => zeros([sum(y).item()]))(x),
      /was read while the function was being compiled/,
    ],
    [
      "a promise",
      () => compile((async (y: Tensor) => y) as unknown as (y: Tensor) => Tensor)(x),
      /found a promise at the result; await it first/,
    ],
    [
      "a promised argument",
      () => compile((y: unknown) => y)({ y: Promise.resolve(x) }),
      /promise at arguments\[0\]\.y/,
    ],
    [
      "an argument of a class",
      () => compile((y: unknown) => y)(new Map()),
      /\(Map\) at arguments\[0\]; make it a tensor/,
    ],
    ["a typed array", () => compile((y: unknown) => y)(new Float32Array(2)), /\(Float32Array\).*tensor\(…\)/],
    ["a function", () => compile((y: unknown) => y)(() => x), /found a function at arguments\[0\]; capture it/],
    [
      "an error of the function's own",
      () => compile((y: Tensor) => add(y, tensor([1, 2, 3])))(x),
      /add: shapes \[2\] and \[3\]/,
    ],
  ];
  for (const [name, run, message] of cases) test(name, () => expect(run).toThrow(message));

  test("a structure that contains itself", () => {
    const loop: { x: Tensor; self?: unknown } = { x };
    loop.self = loop;
    expect(() => compile((y: unknown) => y)(loop)).toThrow(/structure at arguments\[0\]\.self contains itself/);
    // The same tensors in two places are no such thing.
    expect(compile((y: readonly { x: Tensor }[]) => y[1].x)([{ x }, { x }]).toArray()).toEqual([1, 2]);
  });

  describe("a tensor that is written to after it was used", () => {
    const message = /compile: a tensor was written to after it was recorded; write before.*copy/;
    const written = (y: Tensor): Tensor => {
      const bias = zeros([2]);
      const once = add(y, bias);
      bias.set(0, 5);
      return add(once, bias);
    };
    test("in the function", () => expect(() => compile(written)(x)).toThrow(message));
    test("in a step", () => {
      const step = (state: Tensor, y: Tensor) => ({ state: written(mul(state, y)), output: [] });
      expect(() => scan(step, x, ones([3]))).toThrow(message);
    });
    test("and read through a view of it", () => {
      const table = ones([2, 2]);
      const f = (y: Tensor): Tensor => {
        const row = slice(table, [0]);
        const once = add(y, row);
        table.set(0, 0, 7);
        return add(once, row);
      };
      expect(() => compile(f)(x)).toThrow(message);
    });
    test("on every call", () => {
      const calls = zeros([2]);
      const counting = (y: Tensor): Tensor => {
        const sum = add(y, calls);
        calls.set(0, calls.get(0) + 1);
        return sum;
      };
      expect(() => compile(counting)(x)).toThrow(message);
    });
    test("but not before", () => {
      const f = (y: Tensor): Tensor => {
        const bias = zeros([2]);
        bias.set(1, 5);
        return add(y, bias);
      };
      expect(compile(f)(x).toArray()).toEqual([1, 7]);
    });
  });

  test("more memory than there is", () => {
    const huge = compile((y: Tensor) => {
      const all = outer(y, y);
      return [all, add(all, 1), sum(all)];
    });
    // 2 · 2³³ bytes of results: more than 32 bits can address.
    const y = tensor({ data: new Float32Array(1), shape: [46341], stride: [0], offset: 0 });
    expect(() => huge(y)).toThrow(
      /out of memory: the program needs \d+ MiB.*WebAssembly has 4096 MiB.*smaller batches/,
    );
    expect(huge(tensor([1, 2]))[2].item()).toBe(9);
  });

  test("an engine that has no memory left", () => {
    class Memory {
      constructor() {
        throw new RangeError("could not allocate memory");
      }
    }
    replacing(WebAssembly, "Memory", Memory, () =>
      expect(() => compile((y: Tensor) => add(y, 3))(x)).toThrow(/out of memory.*could not allocate memory/),
    );
  });
});

describe("a call that is unlike those before", () => {
  let traced = 0;
  const f = compile((tree: unknown): unknown => {
    traced++;
    return tree;
  });

  test("compiles again: another shape, type, key, length or number", () => {
    const calls: unknown[] = [
      { a: tensor([1]) },
      { a: tensor([1, 2]) },
      { a: tensor([1], { dtype: "float64" }) },
      { b: tensor([1]) },
      { a: tensor([1]), b: 2 },
      { a: tensor([1]), b: 3 },
      { a: tensor([1]), b: undefined },
      [tensor([1])],
      [tensor([1]), tensor([1])],
      tensor([1]),
      null,
      "text",
    ];
    for (const [k, call] of calls.entries()) {
      f(call);
      f(call);
      expect(traced).toBe(k + 1);
    }
    // The order of keys does not matter.
    f({ b: 2, a: tensor([1]) });
    expect(traced).toBe(calls.length);
  });
});

describe("where WebAssembly is not to be had, the evaluator runs the program, and explain says so", () => {
  const f = (x: Tensor): Tensor => where(greater(x, 0), mul(x, 2), x);
  const check = (): void => {
    const compiled = compile(f);
    expect(compiled(tensor([-1, 2])).toArray()).toEqual([-1, 4]);
    const explanation = compiled.explain(tensor([-1, 2]));
    expect(explanation.backend).toBe("evaluator");
    expect(String(explanation)).toMatch(/^evaluator/);
  };

  test("no WebAssembly", () => replacing(globalThis, "WebAssembly", undefined, check));

  test("no permission to compile", () => {
    class Module {
      constructor() {
        throw new WebAssembly.CompileError("refused by the content security policy");
      }
    }
    replacing(WebAssembly, "Module", Module, check);
  });

  test("with both", () => expect(compile(f).explain(tensor([1])).backend).toBe("webassembly"));
});
