import { add, sin, type Tensor, tensor } from "@kinship/tensor";
import { type Backend, type GpuDevice, openGpu, UnsupportedOnGpu } from "@kinship/tensor/gpu";
import { allPrimitives } from "@kinship/tensor/primitives";
import { afterAll, describe, expect, test } from "vitest";
import { everyDevice } from "../gpu/everyDevice.js";
import { checkForward, checkGradient, distance, onDevice, refused } from "../gpu/laws.js";
import { checkClosing, pattern } from "../gpu/programs.js";
import { checkOptimizer } from "../gpu/training.js";
import { named } from "../laws/samples.js";

/** What every device must pass, in a page that has this one. */
export async function gpuTests(backend: Exclude<Backend, "cpu">): Promise<void> {
  const device = await openGpu({ backend }).catch((reason: unknown): GpuDevice | undefined => {
    if (!(reason instanceof UnsupportedOnGpu)) throw reason;
    console.warn(`Tests on ${backend} are skipped: ${reason.message}`);
    return undefined;
  });
  if (!device) {
    test.skip(`the backend that runs is ${backend}`);
    return;
  }
  afterAll(() => device.close());

  test(`the backend that runs is ${backend}`, async () => {
    expect(device.backend).toBe(backend);
    expect((await openGpu()).backend).toBe(backend);
    const { runs } = device.explain();
    await onDevice(device, (x: Tensor) => add(x, 1), [pattern([3])]);
    expect(device.explain().runs).toBeGreaterThan(runs);
  });

  describe("a primitive on the device is the evaluated one", () => {
    for (const primitive of allPrimitives())
      for (const [k, sample] of primitive.samples.entries()) {
        test(named(primitive, k), async () => {
          const why = await checkForward(device, primitive, sample, 1e-5);
          expect(why !== undefined, why).toBe(refused(primitive));
        });
        test(`${named(primitive, k)}: its gradient`, () => checkGradient(device, primitive, sample, 1e-4));
      }
  });

  everyDevice(() => device, { steps: 100 });

  test("programs that are closed take nothing from those that are not", () => checkClosing(device));

  test("twenty steps of Adam, where float64 may be narrow", async () => {
    const narrow = await openGpu({ backend, narrow: true });
    await checkOptimizer(narrow);
    expect(narrow.explain().arrays).toBe(0);
    await narrow.close();
  });

  test("infinities are sent and read back", async () => {
    const f = device.compile((x: Tensor) => ({ x: add(x, 0), wave: sin(x) }));
    const found = await f(tensor([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1000]));
    expect(found.x.toArray()).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1000]);
    expect(found.wave.get(2)).toBeCloseTo(Math.sin(1000), 5);
    await f.close();
  });

  test("programs that are closed leave nothing on the device", () => {
    expect(device.explain().arrays).toBe(0);
    expect(device.explain().kernels).toBe(0);
  });
}

/** A thousand programs that are compiled, called and closed leave what ten leave, and the device nothing. */
export async function checkThousandPrograms(
  backend: Exclude<Backend, "cpu">,
  watched: ReadonlySet<object>,
): Promise<void> {
  const device = await openGpu({ backend });
  const x = pattern([5]);
  // One that stays open, so that the kernel that sends arguments is there for all of them.
  const first = device.compile((y: Tensor) => sin(y));
  await first(x);
  let afterTen = 0;
  for (let k = 0; k < 1000; k++) {
    const f = device.compile((y: Tensor) => add(y, k));
    const found = await f(x);
    await f.close();
    if (k === 9) afterTen = watched.size;
    if (k % 100 === 0) expect(distance(add(x, k), found)).toBeLessThanOrEqual(1e-6);
  }
  expect(watched.size).toBe(afterTen);
  await first.close();
  await device.close();
  expect(watched.size).toBe(0);
}

/** A device that is taken away says so, and the next one works. */
export async function checkLoss(backend: Exclude<Backend, "cpu">, lose: () => void): Promise<void> {
  const device = await openGpu({ backend });
  const f = device.compile((x: Tensor) => sin(x));
  const keeping = device.compile((x: Tensor) => sin(x), { keep: true });
  const x = pattern([5]);
  const kept = await keeping(x);
  await f(x);
  lose();
  await expect(f(x)).rejects.toThrow("took this device away");
  await expect(device.read(kept)).rejects.toThrow("took this device away");
  await expect(keeping(x)).rejects.toThrow("took this device away");
  await device.release(kept);
  await device.close();
  const next = await openGpu({ backend });
  expect(distance(sin(x), await next.compile((y: Tensor) => sin(y))(x))).toBeLessThanOrEqual(1e-6);
  await next.close();
}
