import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { f32x4, f64x2, i32, i32x4, type Local, ModuleBuilder } from "../../src/wasm/assembler/index.js";
import { emitLoop } from "../../src/wasm/elementwise.js";
import type { Site } from "../../src/wasm/math/index.js";
import { emitReduce, emitSum, foldLanes } from "../../src/wasm/reduce.js";
import type { ComputeType, Stream, StreamType } from "../../src/wasm/stream.js";

const makers = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };

/** Compiles run(count), with streams at 1024, 17408 and 33792 and a memory filled with a sentinel. */
function compile(write: (site: Site, count: Local) => void, results: ["f64"] | [] = []) {
  const module = new ModuleBuilder();
  module.memory({ initial: 1 });
  module.function({ name: "run", parameters: ["i32"], results, exported: true }, (f, count) => {
    return write({ module, f }, count!) as undefined;
  });
  const { run, memory } = new WebAssembly.Instance(new WebAssembly.Module(module.encode())).exports as unknown as {
    run: (count: number) => number;
    memory: WebAssembly.Memory;
  };
  new Uint8Array(memory.buffer).fill(0x5a);
  return { run, buffer: memory.buffer };
}
const places = [1024, 17408, 33792] as const;
const at = (slot: 0 | 1 | 2, dtype: StreamType, more: Partial<Stream> = {}): Stream => ({
  dtype,
  base: places[slot],
  ...more,
});

const sources: StreamType[] = ["float32", "float64", "int32", "uint8"];
const computes: ComputeType[] = ["float32", "float64", "int32"];

describe.each(computes)("a loop that computes in %s", (compute) => {
  const pairs = sources.flatMap((from) => sources.map((to) => [from, to] as const));
  test.each(pairs)("copies %s to %s for every count, and writes nothing beyond", (from, to) => {
    const { run, buffer } = compile((site, count) => {
      emitLoop(site, {
        compute,
        count,
        unroll: 2,
        body: (access) => access.store(at(1, to), access.load(at(0, from))),
      });
    });
    for (let count = 0; count <= 19; count++) {
      const x = new makers[from](buffer, places[0], count + 1);
      const y = new makers[to](buffer, places[1], count + 1);
      for (let i = 0; i < count; i++) x[i] = from === "uint8" ? 250 - i * 7 : i * 3 - 20;
      new Uint8Array(buffer, places[1], 256).fill(0x5a);
      const sentinel = y[count];
      run(count);
      const expected = makers[to].from([...x.subarray(0, count)]);
      expect([...y.subarray(0, count)], `${count}`).toEqual([...expected]);
      expect(y[count]).toBe(sentinel);
    }
  });
});

test("a float is truncated on its way to an integer, and saturates", () => {
  const { run, buffer } = compile((site, count) => {
    emitLoop(site, {
      compute: "float32",
      count,
      body: (access) => access.store(at(1, "int32"), access.load(at(0, "float32"))),
    });
  });
  new Float32Array(buffer, places[0], 5).set([1.9, -1.9, 3e9, -3e9, NaN]);
  run(5);
  expect([...new Int32Array(buffer, places[1], 5)]).toEqual([1, -1, 2147483647, -2147483648, 0]);
});

test("a scalar is broadcast, and the body knows its index", () => {
  const scalar = at(1, "float32", { broadcast: true });
  const { run, buffer } = compile((site, count) => {
    emitLoop(site, {
      compute: "float32",
      count,
      unroll: 2,
      broadcasts: [scalar],
      body: (access) => {
        const lanes = i32x4.add(i32x4.splat(access.index), i32x4.const(0, 1, 2, 3));
        const index = f32x4.convertI32x4Signed(lanes);
        access.store(at(2, "float32"), f32x4.add(f32x4.mul(access.load(at(0, "float32")), access.load(scalar)), index));
      },
    });
  });
  const x = new Float32Array(buffer, places[0], 21).map((_, i) => i * i);
  new Float32Array(buffer, places[0], 21).set(x);
  new Float32Array(buffer, places[1], 1)[0] = 0.5;
  run(21);
  expect([...new Float32Array(buffer, places[2], 21)]).toEqual([...x].map((value, i) => value * 0.5 + i));
});

describe("reductions", () => {
  test("a maximum over any count, whatever lies behind the stream", () => {
    const maximum = compile(
      (site, count) => {
        const vector = emitReduce(site, {
          compute: "float64",
          count,
          identity: f64x2.const(-Infinity),
          combine: f64x2.max,
          value: (access) => access.load(at(0, "float64")),
        });
        return foldLanes(site, "float64", vector, f64x2.max);
      },
      ["f64"],
    );
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { maxLength: 40 }), (values) => {
        new Float64Array(maximum.buffer, places[0], values.length + 2).set([...values, Infinity, Infinity]);
        expect(maximum.run(values.length)).toBe(Math.max(-Infinity, ...values));
      }),
    );
  });

  const sums = (["float32", "float64"] as const).map((compute) => ({
    compute,
    ...compile((site, count) => emitSum(site, compute, at(0, compute), count), ["f64"]),
  }));
  test.each(sums)("a sum in $compute of exact values, for every count", ({ compute, run, buffer }) => {
    for (let count = 0; count < 1300; count += count < 40 ? 1 : 37) {
      const x = new makers[compute](buffer, places[0], count + 4).fill(NaN);
      let expected = 0;
      for (let i = 0; i < count; i++) expected += x[i] = ((i * 37) % 101) - 50;
      expect(run(count)).toBe(expected);
    }
  });
  test.each(sums)("a sum in $compute stays accurate where adding one by one does not", ({ compute, run, buffer }) => {
    const count = 4000;
    const x = new makers[compute](buffer, places[0], count);
    let naive = 0;
    for (let i = 0; i < count; i++) {
      x[i] = 0.1 + i * 1e-5;
      naive = compute === "float32" ? Math.fround(naive + x[i]!) : naive + x[i]!;
    }
    // The exact sum, in units of 2⁻⁶⁰: each value is a multiple of 2⁻⁵⁶ at the finest.
    let exact = 0n;
    for (const value of x) exact += BigInt(value * 2 ** 60);
    const error = Math.abs(run(count) / (Number(exact) / 2 ** 60) - 1);
    const roundoff = compute === "float32" ? 2 ** -24 : 2 ** -53;
    expect(error).toBeLessThan(3 * roundoff);
    expect(Math.abs(naive / (Number(exact) / 2 ** 60) - 1)).toBeGreaterThan(error);
  });
  test.each(sums)("a sum in $compute carries infinities and not-a-number", ({ compute, run, buffer }) => {
    const x = new makers[compute](buffer, places[0], 600).fill(1);
    x[3] = Infinity;
    expect(run(600)).toBe(Infinity);
    x[520] = -Infinity;
    expect(run(600)).toBeNaN();
    x[520] = NaN;
    expect(run(600)).toBeNaN();
  });
});

test("bytes are summed as integers", () => {
  const { run, buffer } = compile((site, count) => {
    const vector = emitReduce(site, {
      compute: "int32",
      count,
      identity: i32x4.const(0),
      combine: i32x4.add,
      value: (access) => access.load(at(0, "uint8")),
    });
    site.f.do(i32.store(i32.const(places[1]), foldLanes(site, "int32", vector, i32x4.add)));
  });
  const bytes = new Uint8Array(buffer, places[0], 1000);
  for (let i = 0; i < 1000; i++) bytes[i] = i;
  run(1000);
  expect(new Int32Array(buffer, places[1], 1)[0]).toBe(bytes.reduce((sum, value) => sum + value, 0));
});
