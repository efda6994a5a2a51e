import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sharesMemory } from "../../src/threads/open.js";
import {
  branch,
  branchTable,
  call,
  type Expression,
  type FunctionBuilder,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  i64,
  interleave,
  type Local,
  ModuleBuilder,
  type Operand,
  select,
  shuffle32,
  type ValueType,
  v128,
} from "../../src/wasm/assembler/index.js";
import { hasFeature } from "../../src/wasm/features.js";

/** Assembles, compiles and returns one function. */
function single(
  parameters: ValueType[],
  results: ValueType[],
  body: (builder: FunctionBuilder, ...parameters: Local[]) => Operand | readonly Operand[] | undefined,
  prepare?: (module: ModuleBuilder) => void,
): (...values: unknown[]) => unknown {
  const module = new ModuleBuilder();
  prepare?.(module);
  module.function({ name: "f", parameters, results, exported: true }, body);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  return instance.exports.f as (...values: unknown[]) => unknown;
}

describe("constants", () => {
  test("every i32 survives its encoding", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(single([], ["i32"], () => value)()).toBe(value);
      }),
    );
  });
  test("every i64 survives its encoding", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
        expect(single([], ["i64"], () => i64.const(value))()).toBe(value);
      }),
    );
  });
  test("every float64 survives its encoding", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(single([], ["f64"], () => f64.const(value))()).toBe(value);
      }),
    );
  });
});

describe("control flow", () => {
  test("a loop counts", () => {
    const sum = single(["i32"], ["i32"], (f, n) => {
      const total = f.local("i32");
      const i = f.local("i32");
      f.block((leave) => {
        f.loop((again) => {
          f.branchIf(leave, i32.geSigned(i, n!));
          f.set(total, i32.add(total, i));
          f.set(i, i32.add(i, 1));
          branch(f, again);
        });
      });
      return total;
    });
    expect(sum(1000)).toBe(499500);
    expect(sum(0)).toBe(0);
  });
  test("both arms of an if", () => {
    const size = single(["f64"], ["f64"], (f, x) => {
      const y = f.local("f64");
      f.if(
        f64.lt(x!, f64.const(0)),
        () => f.set(y, f64.neg(x!)),
        () => f.set(y, x!),
      );
      return y;
    });
    expect(size(-3)).toBe(3);
    expect(size(4)).toBe(4);
  });
  test("a branch table picks its case, and the last one beyond the others", () => {
    const pick = single(["i32"], ["i32"], (f, i) => {
      f.block((other) => {
        f.block((one) => {
          f.block((zero) => branchTable(f, [zero, one, other], i!));
          f.return(10);
        });
        f.return(11);
      });
      return -1;
    });
    expect([0, 1, 2, 77].map((i) => pick(i))).toEqual([10, 11, -1, -1]);
  });
});

describe("functions", () => {
  test("a routine asked for twice is defined once, and calls reach it", () => {
    const module = new ModuleBuilder();
    let defined = 0;
    const square = () =>
      module.routine("square", (m) => {
        defined++;
        return m.function({ name: "square", parameters: ["f64"], results: ["f64"] }, (_, x) => f64.mul(x!, x!));
      });
    module.function({ name: "f", parameters: ["f64"], results: ["f64"], exported: true }, (_, x) =>
      f64.add(call(square(), x!), call(square(), f64.const(2))),
    );
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(module.encode())).exports;
    expect((f as (x: number) => number)(3)).toBe(13);
    expect(defined).toBe(1);
    expect(module.instructions).toBeGreaterThan(5);
  });
  test("many results arrive in order", () => {
    const module = new ModuleBuilder();
    const divide = module.function(
      { name: "divide", parameters: ["i32", "i32"], results: ["i32", "i32"] },
      (f, a, b) => {
        const quotient = f.let(i32.divUnsigned(a!, b!));
        return [quotient, i32.sub(a!, i32.mul(quotient, b!))];
      },
    );
    module.function({ name: "f", parameters: ["i32"], results: ["i32"], exported: true }, (f, a) => {
      const quotient = f.local("i32");
      const remainder = f.local("i32");
      f.callInto([quotient, remainder], divide, a!, 10);
      return i32.sub(quotient, remainder);
    });
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(module.encode())).exports;
    expect((f as (x: number) => number)(57)).toBe(-2);
  });
  test("imports work, and come first", () => {
    const module = new ModuleBuilder();
    const twice = module.importFunction("env", { name: "twice", parameters: ["f32"], results: ["f32"] });
    module.function({ name: "f", parameters: ["f32"], results: ["f32"], exported: true }, (_, x) =>
      f32.add(call(twice, x!), f32.const(1)),
    );
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
      env: { twice: (x: number) => 2 * x },
    }).exports;
    expect((f as (x: number) => number)(5)).toBe(11);
    expect(() => module.importFunction("env", { name: "late", parameters: [], results: [] })).toThrow(/before/);
  });
  test("released locals are used again", () => {
    const module = new ModuleBuilder();
    module.function({ name: "f", parameters: [], results: [] }, (f): undefined => {
      const first = f.scope(() => f.local("v128").index);
      expect(f.local("v128").index).toBe(first);
      expect(f.local("v128").index).not.toBe(first);
    });
  });
  test("interleaved pieces keep their order and share no locals, and what is inside a block stays together", () => {
    const collatz = single(["i32", "i32"], ["i32", "i32"], (f, ...starts) => {
      const results = f.locals("i32", 2);
      interleave(
        f,
        starts.map((start, k) => () => {
          const n = f.let(start);
          f.loop((again) => {
            f.scope(() => {
              const odd = f.let(i32.and(n, 1));
              f.if(
                odd,
                () => f.set(n, i32.add(i32.mul(n, 3), 1)),
                () => f.set(n, i32.shrUnsigned(n, 1)),
              );
            });
            f.set(results[k]!, i32.add(results[k]!, 1));
            f.branchIf(again, i32.ne(n, 1));
          });
          f.scope(() => f.set(results[k]!, i32.mul(f.let(results[k]!), 10)));
        }),
      );
      return results;
    });
    expect(collatz(6, 7)).toEqual([80, 160]);
  });
  test("wrong types are refused by the engine", () => {
    expect(() => single([], ["f64"], () => f64.add(f64.const(1), f32.const(1)))).toThrow(WebAssembly.CompileError);
    expect(() => single([], ["i32"], () => f32.const(1))).toThrow(WebAssembly.CompileError);
  });
});

describe("vectors", () => {
  const lanes = (value: Expression): number[] => {
    const module = new ModuleBuilder();
    module.memory({ initial: 1 });
    module.function({ name: "f", parameters: [], results: [], exported: true }, (f): undefined => {
      f.do(v128.store(16, value, 32));
    });
    const { f, memory } = new WebAssembly.Instance(new WebAssembly.Module(module.encode())).exports;
    (f as () => void)();
    return [...new Float32Array((memory as WebAssembly.Memory).buffer, 48, 4)];
  };
  test("arithmetic, comparison, selection and shuffles", () => {
    const a = f32x4.const(1, -2, 3, -4);
    const b = f32x4.const(10, 20, 30, 40);
    expect(lanes(f32x4.add(a, b))).toEqual([11, 18, 33, 36]);
    expect(lanes(v128.bitselect(a, b, f32x4.lt(a, f32x4.const(0))))).toEqual([10, -2, 30, -4]);
    expect(lanes(shuffle32(a, b, [0, 5, 2, 7]))).toEqual([1, 20, 3, 40]);
    expect(lanes(f32x4.convertI32x4Signed(i32x4.shl(i32x4.const(1, 2, 3, 4), 3)))).toEqual([8, 16, 24, 32]);
    expect(lanes(f32x4.demoteF64x2Zero(f64x2.const(1.5, 2.5)))).toEqual([1.5, 2.5, 0, 0]);
    expect(lanes(select(0, a, b))).toEqual([10, 20, 30, 40]);
    expect(lanes(f32x4.replaceLane(a, 2, f32.const(9)))).toEqual([1, -2, 9, -4]);
  });
  test("a constant is made once for a function, wherever it is used", () => {
    const code = (count: number) => {
      const module = new ModuleBuilder();
      module.function({ name: "f", parameters: ["v128"], results: ["v128"] }, (f, x) => {
        const sum = f.let(x!);
        f.loop(() => {
          for (let k = 0; k < count; k++) f.set(sum, f32x4.add(sum, f32x4.const(1, 2, 3, 4)));
        });
        return sum;
      });
      return module.encode().length;
    };
    expect(code(3) - code(2)).toBe(code(2) - code(1));
    expect(code(3) - code(2)).toBeLessThan(16);
    const ones = i32x4.const(-1);
    expect(lanes(v128.or(v128.and(f32x4.const(5), ones), i32x4.const(0)))).toEqual([5, 5, 5, 5]);
    expect(lanes(f32x4.add(f32x4.const(5), f32x4.const(5)))).toEqual([10, 10, 10, 10]);
  });
  test.runIf(hasFeature("relaxedSimd"))("relaxed multiply-add", () => {
    expect(lanes(f32x4.relaxedMadd(f32x4.const(2), f32x4.const(3), f32x4.const(1, 2, 3, 4)))).toEqual([7, 8, 9, 10]);
  });
});

test("SIMD is there in every engine the tests run in", () => {
  expect(hasFeature("simd")).toBe(true);
  expect(sharesMemory()).toBe(true);
});
