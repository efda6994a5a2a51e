import { breather } from "../linear/run-control.js";
import { advance } from "./advance.js";
import type { Run } from "./run.js";
import { type Carried, copyOf } from "./state.js";

/** The way back to the state before a step that failed: steps write to the memory of the state that they are given. */
export interface LastGood {
  /** Called now and then with the state and the number of steps done. */
  visit(state: Carried, step: number): void;
  /** The state after so many steps, to the same bits. */
  after(step: number): Promise<Carried>;
}

/** Milliseconds between copies at least, and how many times as long as copying takes: a hundredth of the time. */
const [apart, timesCopying] = [1000, 100];

/**
 * Keeps a copy of the state of some time ago, and takes the steps since then again. `between` is what happens to the
 * state after so many steps, beside them.
 */
export function createLastGood(
  run: Run,
  start: () => Carried,
  first: number,
  between: (state: Carried, step: number) => Carried,
): LastGood {
  let [step, kept] = [first, start];
  let next = performance.now() + apart;
  return {
    visit(state, now) {
      const began = performance.now();
      if (began < next) return;
      const list = state.list.map(copyOf);
      step = now;
      // Copied again, so that the steps that are taken again leave it as it is.
      kept = () => run.carrier.ofList(list, state.balance);
      const ended = performance.now();
      next = ended + Math.max(apart, timesCopying * (ended - began));
    },
    async after(wanted) {
      const breathe = breather("training", {});
      let state = kept();
      for (let at = step; at < wanted; at++) {
        const pause = breathe(at, wanted);
        if (pause) await pause;
        state = between(advance(run, state, at).state, at + 1);
      }
      return state;
    },
  };
}
