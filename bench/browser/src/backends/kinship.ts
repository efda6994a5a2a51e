import { type Tensor, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { openThreads } from "@kinship/tensor/threads";
import type { Values } from "../../../src/harness/values.js";
import type { Named, Problem } from "../kernels/kernel.js";
import { startOf, stepOf } from "./adam.js";
import { type Backend, type Prepared, type Session, stepsInSample, stepsToCheck } from "./backend.js";

const tensorOf = ({ data, shape }: Values): Tensor => tensor(data, { shape });

/** The inputs, those that are learned apart. */
export function given({ inputs, learned = [] }: Problem): { learned: Named<Tensor>; data: Named<Tensor> } {
  const pick = (wanted: boolean) =>
    Object.fromEntries(
      Object.entries(inputs)
        .filter(([name]) => learned.includes(name) === wanted)
        .map(([name, values]) => [name, tensorOf(values)]),
    );
  return { learned: pick(true), data: pick(false) };
}

type Wrap = <A extends readonly unknown[], R>(f: (...args: A) => R) => (...args: A) => R;

function prepare(problem: Problem, wrap: Wrap): Prepared {
  const { learned, data } = given(problem);
  if (!problem.learned) {
    const f = wrap((x: Named<Tensor>) => problem.ours(x));
    return {
      calls: 1,
      check: async () => [f(data).toTypedArray()],
      sample: async () => void f(data),
      close: async () => {},
    };
  }
  const step = wrap(stepOf(problem));
  let state = startOf(learned);
  const take = (steps: number): Tensor => {
    let loss: Tensor | undefined;
    for (let k = 0; k < steps; k++) ({ state, loss } = step(state, data));
    return loss!;
  };
  return {
    calls: stepsInSample,
    check: async () => {
      const loss = take(stepsToCheck);
      return [loss, ...Object.values(state.p)].map((x) => x.toTypedArray());
    },
    sample: async () => void take(stepsInSample).item(),
    close: async () => {},
  };
}

const session = (wrap: Wrap, close = () => {}): Session => ({
  prepare: async (problem) => prepare(problem, wrap),
  close: async () => close(),
});

export const javascript: Backend = {
  name: "JavaScript",
  missing: async () => undefined,
  open: async () => session((f) => f),
};

export const webassembly: Backend = {
  name: "WebAssembly",
  missing: async () => {
    if (typeof WebAssembly === "undefined") return "this browser has no WebAssembly";
    const probe = compile((x: Tensor) => x).explain(tensor([1]));
    return probe.backend === "webassembly" ? undefined : "this page may not compile WebAssembly, or it has no SIMD";
  },
  open: async () => session((f) => compile(f)),
};

export const threaded: Backend = {
  name: "WebAssembly with threads",
  missing: async () => {
    if (!crossOriginIsolated) return "threads share memory in isolated pages only: over https, or from localhost";
    if (navigator.hardwareConcurrency < 2) return "this machine has one core";
    return webassembly.missing();
  },
  open: async () => {
    const threads = await openThreads(navigator.hardwareConcurrency);
    return session(
      (f) => compile(f, { threads }),
      () => threads.close(),
    );
  },
};
