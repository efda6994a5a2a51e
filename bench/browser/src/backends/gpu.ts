import { add, type Tensor } from "@kinship/tensor";
import { type GpuDevice, openGpu } from "@kinship/tensor/gpu";
import type { Named, Problem } from "../kernels/kernel.js";
import { startOf, stepOf } from "./adam.js";
import { missingWebGl2, missingWebGpu } from "./availability.js";
import { type Backend, type Prepared, stepsInSample, stepsToCheck } from "./backend.js";
import { given } from "./kinship.js";

/** The same tensors on the device. */
async function put<S extends Named<Tensor>>(device: GpuDevice, tensors: S): Promise<S> {
  const copy = device.compile(
    (x: S) => Object.fromEntries(Object.entries(x).map(([name, value]) => [name, add(value, 0)])) as unknown as S,
    { keep: true },
  );
  const there = await copy(tensors);
  await copy.close();
  return there;
}

async function prepareCall(device: GpuDevice, problem: Problem): Promise<Prepared> {
  const data = await put(device, given(problem).data);
  const f = device.compile((x: Named<Tensor>) => problem.ours(x));
  return {
    calls: 1,
    check: async () => [(await f(data)).toTypedArray()],
    sample: async () => void (await f(data)),
    close: async () => {
      await device.release(data);
      await f.close();
    },
  };
}

async function prepareTraining(device: GpuDevice, problem: Problem): Promise<Prepared> {
  const start = given(problem);
  const data = await put(device, start.data);
  const step = device.compile(stepOf(problem), { keep: true, donate: [0] });
  let state = startOf(start.learned);
  const take = async (steps: number): Promise<Tensor> => {
    let last: Tensor | undefined;
    for (let k = 0; k < steps; k++) {
      if (last) await device.release(last);
      const next = await step(state, data);
      state = next.state;
      last = next.loss;
    }
    const loss = await device.read(last!);
    await device.release(last);
    return loss;
  };
  return {
    calls: stepsInSample,
    check: async () => {
      const loss = await take(stepsToCheck);
      return [loss, ...Object.values(await device.read(state.p))].map((x) => x.toTypedArray());
    },
    sample: async () => void (await take(stepsInSample)),
    close: async () => {
      await device.release([state, data]);
      await step.close();
    },
  };
}

const gpu = (name: string, backend: "webgl2" | "webgpu", missing: Backend["missing"]): Backend => ({
  name,
  missing,
  open: async () => {
    const device = await openGpu({ backend });
    return {
      prepare: (problem) => (problem.learned ? prepareTraining : prepareCall)(device, problem),
      close: () => device.close(),
    };
  },
});

export const webgl2 = gpu("WebGL2", "webgl2", missingWebGl2);
export const webgpu = gpu("WebGPU", "webgpu", missingWebGpu);
