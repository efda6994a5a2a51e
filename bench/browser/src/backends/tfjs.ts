import type { Values } from "../../../src/harness/values.js";
import { ADAM } from "../../../src/rows/adam.js";
import type { Named, Problem, Tf, TfTensor } from "../kernels/kernel.js";
import { missingWebGl2, missingWebGpu } from "./availability.js";
import { type Backend, type Prepared, stepsInSample, stepsToCheck } from "./backend.js";

async function load(backend: "webgl" | "webgpu"): Promise<Tf> {
  try {
    const tf = await import("@tensorflow/tfjs");
    if (backend === "webgpu") await import("@tensorflow/tfjs-backend-webgpu");
    if (!(await tf.setBackend(backend))) throw new Error(`its backend ${backend} does not start`);
    await tf.ready();
    return tf;
  } catch (cause) {
    throw new Error(`tfjs cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function put(tf: Tf, { inputs, layout }: Problem): Named<TfTensor> {
  const there = ({ data, shape }: Values, name: string): TfTensor => {
    const x = tf.tensor(data, [...shape]);
    return layout ? layout.there(tf, name, x) : x;
  };
  return Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, there(values, name)]));
}

function prepareCall(tf: Tf, problem: Problem): Prepared {
  const { layout } = problem;
  const x = tf.tidy(() => put(tf, problem));
  const call = () => tf.tidy(() => problem.tfjs(tf, x));
  return {
    calls: 1,
    check: async () => {
      const y = tf.tidy(() => (layout ? layout.back(tf, call()) : call()));
      const numbers = await y.data();
      y.dispose();
      return [numbers];
    },
    sample: async () => {
      const y = call();
      await y.data();
      y.dispose();
    },
    close: async () => tf.dispose(x),
  };
}

function prepareTraining(tf: Tf, problem: Problem): Prepared {
  const x = tf.tidy(() => put(tf, problem));
  const learned = problem.learned!;
  const state = Object.fromEntries(learned.map((name) => [name, tf.variable(x[name]!)]));
  const optimizer = tf.train.adam(ADAM.rate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  const take = async (steps: number): Promise<Float32Array> => {
    let last: TfTensor | undefined;
    for (let k = 0; k < steps; k++) {
      last?.dispose();
      last = optimizer.minimize(() => problem.tfjs(tf, { ...x, ...state }), true, Object.values(state));
    }
    const numbers = await last!.data();
    last!.dispose();
    return numbers;
  };
  return {
    calls: stepsInSample,
    check: async () => {
      const loss = await take(stepsToCheck);
      return [loss, ...(await Promise.all(learned.map((name) => state[name]!.data())))];
    },
    sample: async () => void (await take(stepsInSample)),
    close: async () => {
      optimizer.dispose();
      tf.dispose([x, state]);
    },
  };
}

const peer = (name: string, backend: "webgl" | "webgpu", missing: Backend["missing"]): Backend => ({
  name,
  missing,
  open: async () => {
    const tf = await load(backend);
    // Its backend is global: another that is open has switched it.
    const switched =
      <R>(f: () => R | Promise<R>) =>
      async (): Promise<R> => {
        await tf.setBackend(backend);
        return f();
      };
    return {
      prepare: async (problem) => {
        await tf.setBackend(backend);
        const prepared = (problem.learned ? prepareTraining : prepareCall)(tf, problem);
        const { calls, check, sample, close } = prepared;
        return { calls, check: switched(check), sample: switched(sample), close: switched(close) };
      },
      close: async () => {},
    };
  },
});

export const tfjsWebGl = peer("tfjs webgl", "webgl", missingWebGl2);
export const tfjsWebGpu = peer("tfjs webgpu", "webgpu", missingWebGpu);
