import fc from "fast-check";
import { expect, test } from "vitest";
import { signed, unsigned } from "../src/limits/assembler.js";
import { CHAINS, copy, multiplyAdd, triad } from "../src/limits/kernels.js";

test("LEB128 numbers read back as they were", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      const read = unsigned(value).reduce((sum, byte, i) => sum + (byte & 0x7f) * 2 ** (7 * i), 0);
      expect(read).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const bytes = signed(value);
      const read = bytes.reduce((sum, byte, i) => sum + BigInt(byte & 0x7f) * 128n ** BigInt(i), 0n);
      expect(Number(BigInt.asIntN(7 * bytes.length, read))).toBe(value);
    }),
  );
});

test("multiply and add does what it says in every lane, in both precisions", () => {
  for (const dtype of ["float32", "float64"] as const) {
    const { memory, run } = multiplyAdd(dtype, false)!;
    const values = dtype === "float32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
    const lanes = dtype === "float32" ? 4 : 2;
    values.fill(2, 0, lanes).fill(3, lanes, 2 * lanes);
    const start = Array.from({ length: CHAINS * lanes }, (_, i) => i);
    values.set(start, 2 * lanes);
    run(3);
    // x → 2x + 3 three times: 8x + 21.
    expect(Array.from(values.subarray(2 * lanes, (2 + CHAINS) * lanes))).toEqual(start.map((x) => 8 * x + 21));
  }
});

test("copy and triad touch every element and nothing beyond", () => {
  const length = 64;
  const bytes = 4 * length;
  const numbers = Float32Array.from({ length }, (_, i) => i + 1);
  const copied = copy(2 * bytes)!;
  const floats = new Float32Array(copied.memory.buffer);
  floats.set(numbers, length);
  copied.run(bytes, 0, 2 * bytes);
  expect(floats.slice(0, length)).toEqual(numbers);
  expect(floats[2 * length]).toBe(0);

  const added = triad(3 * bytes)!;
  const view = (part: number) => new Float32Array(added.memory.buffer, part * bytes, length);
  view(0).fill(0.5, 0, 4);
  view(1).set(numbers);
  view(2).set(numbers.slice().reverse());
  added.run(0, bytes, 2 * bytes, 2 * bytes);
  expect(Array.from(view(0))).toEqual(Array.from(numbers, (value, i) => value + 0.5 * (length - i)));
});
