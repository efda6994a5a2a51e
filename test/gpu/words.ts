import { grad } from "@kinship/autodiff";
import {
  bernoulli,
  embedding,
  foldIn,
  mul,
  normal,
  randomBits,
  randomKey,
  scatterAdd,
  splitKey,
  square,
  sum,
  type Tensor,
  take,
  takeAlongAxis,
  tensor,
  uniform,
} from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import type { GpuDevice } from "@kinship/tensor/gpu";
import { expect } from "vitest";
import { distance } from "./laws.js";
import { pattern } from "./programs.js";

const arraysOf = (found: object): unknown[] => Object.values(found).map((x: Tensor) => [x.dtype, x.shape, x.toArray()]);

/** Keys and what is drawn by them are the same bits on the device; what is computed from that is as near as else. */
export async function checkRandom(device: GpuDevice): Promise<void> {
  const exact = (key: Tensor) => {
    const [a, b] = splitKey(key);
    return {
      bits: randomBits(a, [3, 7]),
      next: b,
      folded: foldIn(key, -5),
      many: splitKey(b, 5)[4],
      fractions: uniform(a, [41]),
      flags: bernoulli(b, 0.3, [6, 5]),
    };
  };
  const near = (key: Tensor) => normal(key, [5, 9]);
  const [bits, numbers] = [device.compile(exact), device.compile(near)];
  for (const seed of [0, 7, 2 ** 31 + 3, Number.MAX_SAFE_INTEGER]) {
    const key = randomKey(seed);
    expect(arraysOf(await bits(key))).toEqual(arraysOf(exact(key)));
    expect(distance(near(key), await numbers(key))).toBeLessThanOrEqual(1e-5);
  }
  await bits.close();
  await numbers.close();
}

/** A key that is state stays on the device, with all its bits, for as many steps as there are. */
export async function checkKeptKey(device: GpuDevice): Promise<void> {
  const step = ({ key, total }: { key: Tensor; total: Tensor }) => {
    const [next, own] = splitKey(key);
    return { key: next, total: sum(uniform(own, [16])), before: total };
  };
  const onDevice = device.compile(step, { keep: true, donate: [0] });
  let expected = step({ key: randomKey(3), total: tensor(0) });
  let found = await onDevice({ key: randomKey(3), total: tensor(0) });
  const { readbacks, uploads } = device.explain();
  for (let k = 0; k < 10; k++) {
    expected = compile(step)(expected);
    await device.release(found.before);
    found = await onDevice({ key: found.key, total: found.total });
  }
  expect([device.explain().readbacks, device.explain().uploads]).toEqual([readbacks, uploads]);
  const read = await device.read(found);
  await device.release(found);
  await onDevice.close();
  expect(read.key.toArray()).toEqual(expected.key.toArray());
  expect(distance(expected.total, read.total)).toBeLessThanOrEqual(1e-6);
}

/** What is gathered and scattered, by numbers that are arguments, negative ones among them. */
export async function checkGather(device: GpuDevice): Promise<void> {
  const table = pattern([9, 8], 1);
  const lines = tensor(
    Array.from({ length: 9 }, (_, k) => [k % 8, -1 - (k % 8), 2]),
    { dtype: "int32" },
  );
  const f = (x: Tensor, at: Tensor, own: Tensor) => ({
    rows: take(x, at),
    columns: take(x, at, 1),
    weighted: mul(embedding(x, at), 2),
    lines: takeAlongAxis(x, own, 1),
    spread: scatterAdd(take(x, at), at, 9),
    gradient: grad((v: Tensor) => sum(square(take(v, at))))(x),
    constant: take(
      x,
      tensor(
        [
          [1, 2],
          [0, -2],
        ],
        { dtype: "int32" },
      ),
    ),
    count: scatterAdd(tensor([1, 2, 1, 1, 4, 1], { dtype: "int32" }), at, 9),
  });
  const compiled = device.compile(f);
  const within = tensor([3, 0, -1, 7, 3, -8], { dtype: "int32" });
  const [expected, made] = [f(table, within, lines), await compiled(table, within, lines)];
  for (const [name, x] of Object.entries(expected))
    expect(distance(x, made[name as keyof typeof made]), name).toBeLessThanOrEqual(1e-6);
  // No thread can say so: what is nobody's entry is not a number.
  const beyond = device.compile((x: Tensor, at: Tensor) => take(x, at));
  const found = await beyond(pattern([4]), tensor([0, 4, -5, 1], { dtype: "int32" }));
  expect(Array.from(found.toTypedArray(), Number.isNaN)).toEqual([false, true, true, false]);
  await compiled.close();
  await beyond.close();
}
