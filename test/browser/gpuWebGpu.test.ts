import { add, exp, type Tensor } from "@kinship/tensor";
import { openGpu } from "@kinship/tensor/gpu";
import { expect, test } from "vitest";
import { pattern } from "../gpu/programs.js";
import { gpuTests } from "./gpu.js";

await gpuTests("webgpu");

const hasWebGpu = async (): Promise<boolean> => (await openGpu({ fallback: "cpu" })).backend === "webgpu";

/** What of WebGPU is watched; not every version of the DOM's types has it. */
interface Classes {
  readonly GPUDevice: { readonly prototype: { createBuffer(this: unknown, options: unknown): object } };
  readonly GPUBuffer: { readonly prototype: { destroy(this: object): void } };
}

test.runIf(await hasWebGpu())("programs that are closed leave no buffers", async () => {
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
  } finally {
    Object.assign(GPUDevice.prototype, { createBuffer });
    Object.assign(GPUBuffer.prototype, { destroy });
  }
});
