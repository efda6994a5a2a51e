import { add, exp, type Tensor } from "@kinship/tensor";
import { openGpu } from "@kinship/tensor/gpu";
import { expect, test } from "vitest";
import { pattern } from "../gpu/programs.js";
import { checkLoss, checkThousandPrograms, gpuTests } from "./gpu.js";

await gpuTests("webgpu");

const hasWebGpu = async (): Promise<boolean> => (await openGpu({ fallback: "cpu" })).backend === "webgpu";

/** What of WebGPU is watched; not every version of the DOM's types has it. */
interface Classes {
  readonly GPUDevice: { readonly prototype: { createBuffer(this: unknown, options: unknown): object } };
  readonly GPUBuffer: { readonly prototype: { destroy(this: object): void } };
}

test.runIf(await hasWebGpu())(
  "programs that are closed leave no buffers",
  async () => {
    const { GPUDevice, GPUBuffer } = globalThis as unknown as Classes;
    const { createBuffer } = GPUDevice.prototype;
    const { destroy } = GPUBuffer.prototype;
    const buffers = new Set<object>();
    GPUDevice.prototype.createBuffer = function (options) {
      const made = createBuffer.call(this, options);
      buffers.add(made);
      return made;
    };
    GPUBuffer.prototype.destroy = function () {
      buffers.delete(this);
      destroy.call(this);
    };
    try {
      const device = await openGpu({ backend: "webgpu" });
      const f = device.compile((x: Tensor) => ({ y: exp(x), z: add(x, pattern([5])) }));
      const g = device.compile((x: Tensor) => exp(add(x, 1)), { keep: true, donate: [0] });
      for (let k = 0; k < 3; k++) await f(pattern([5], k));
      let state = await g(pattern([5]));
      const { size } = buffers;
      expect(size).toBeGreaterThan(0);
      for (let k = 0; k < 5; k++) state = await g(state);
      expect(buffers.size).toBeLessThanOrEqual(size + 2);
      await device.release(state);
      await f.close();
      await g.close();
      expect(buffers.size).toBe(0);
      await device.close();
      await checkThousandPrograms("webgpu", buffers);
    } finally {
      Object.assign(GPUDevice.prototype, { createBuffer });
      Object.assign(GPUBuffer.prototype, { destroy });
    }
  },
  600_000,
);

test.runIf(await hasWebGpu())("a GPU that is lost is an error, and the next device works", async () => {
  interface Lost {
    destroy(): void;
  }
  interface Devices {
    readonly GPUDevice: { readonly prototype: { createBuffer(this: Lost, options: unknown): object } };
  }
  const { GPUDevice } = globalThis as unknown as Devices;
  const { createBuffer } = GPUDevice.prototype;
  const devices = new Set<Lost>();
  // The library shares one device: whichever makes a buffer now.
  GPUDevice.prototype.createBuffer = function (options) {
    devices.add(this);
    return createBuffer.call(this, options);
  };
  try {
    await checkLoss("webgpu", () => {
      for (const one of devices) one.destroy();
      devices.clear();
    });
  } finally {
    Object.assign(GPUDevice.prototype, { createBuffer });
  }
});
