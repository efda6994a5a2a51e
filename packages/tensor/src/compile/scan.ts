import { describe, zeros } from "../create.js";
import { currentInterpreter, evaluate } from "../interpreter.js";
import { sameShape, show } from "../layout.js";
import type { Signature } from "../primitive.js";
import { stack } from "../primitives/joining.js";
import { slice } from "../primitives/slice.js";
import type { Tensor } from "../tensor.js";
import type { Again } from "./again.js";
import { runInside, runOutside } from "./blocks.js";
import { type BuildOptions, type Built, build } from "./build.js";
import { emitSteps } from "./emit/steps.js";
import { type Explanation, explain } from "./explain.js";
import { inPlace } from "./inPlace.js";
import { everything } from "./parts.js";
import { record } from "./record.js";
import { dissect, fill, matches, type Skeleton, sameSkeleton, slotsOf } from "./skeleton.js";
import { planSteps } from "./steps.js";
import { windowOn, write } from "./webassembly.js";

/** What a step gives: the state for the next one, and what is kept of this one. */
export interface Step<State, Output> {
  readonly state: State;
  readonly output: Output;
}

export interface ScanOptions extends BuildOptions {
  /** Called now and then, between steps, with how many are done, of how many. */
  readonly progress?: (done: number, count: number) => void;
  /**
   * Looked at before the first step and whenever `progress` would be called: an aborted signal ends the scan with its
   * reason. A scan does not return to the event loop before its end, so what aborts it is `progress` itself.
   */
  readonly signal?: AbortSignal;
}

interface Entry extends Built {
  readonly site: Site;
  /** Held with it: threads end when nothing holds them. */
  readonly options: BuildOptions;
  /** Its memory holds a state: a scan that is begun meanwhile, by `progress`, takes another program. */
  isRunning: boolean;
}

/** What a scan is called with, as far as a program depends on it. */
interface Site {
  readonly state: Skeleton;
  readonly batch: Skeleton;
  /** Of the tensors of the state, then of the batch that a step gets. */
  readonly signatures: readonly Signature[];
  /** How many of them the state has. */
  readonly carried: number;
}

/** Programs of a step that are kept, as of a compiled function. */
const mostPrograms = 16;

// By step: a step that is forgotten takes its programs, and their memory, with it.
const known = /* @__PURE__ */ new WeakMap<object, Entry[]>();

/**
 * `step(state, batch)` for each row of `batches` in turn, each with the state of the one before: many training steps,
 * or a recurrence, as one compiled loop. The state stays in the program's memory from the first step to the last.
 * Tensors of `batches` have one axis more than a step gets, of the same size in all: the steps. Returns the last state
 * and the outputs stacked along a new first axis. Define `step` once and outside of loops: its programs are kept with
 * it. Under a transformation (`grad`, `compile`) it is a plain loop.
 * @throws TypeError where a step gives a state of another structure, shape or dtype than it got.
 * @example scan((sum, x) => ({ state: add(sum, x), output: sum }), tensor(0), tensor([1, 2, 3]))
 * // { state: tensor(6), output: tensor([0, 1, 3]) }
 */
export function scan<State, Batches, Output>(
  step: (state: State, batch: Batches) => Step<State, Output>,
  state: State,
  batches: Batches,
  options: ScanOptions = {},
): Step<State, Output> {
  const { site, tensors, count } = siteOf(state, batches);
  const run = checked(step, site);
  options.signal?.throwIfAborted();
  const made =
    currentInterpreter() === evaluate
      ? compiled(step, run, site, options, tensors, count)
      : loop(run, site, tensors, count);
  return { state: fill(site.state, made.tensors) as State, output: fill(made.output, made.tensors) as Output };
}

/**
 * What became of the step of a scan with arguments like these, as `explain` of a compiled function. Compiles if need
 * be; runs nothing.
 */
export function explainScan<State, Batches, Output>(
  step: (state: State, batch: Batches) => Step<State, Output>,
  state: State,
  batches: Batches,
  options: BuildOptions = {},
): Explanation {
  const { site } = siteOf(state, batches);
  const { executable, stages } = entryOf(step, checked(step, site), site, options);
  return explain(executable, stages);
}

function siteOf(state: unknown, batches: unknown) {
  const tensors: Tensor[] = [];
  const own = dissect(state, tensors, "state", "scan");
  const carried = tensors.length;
  const batch = dissect(batches, tensors, "batches", "scan");
  const count = stepsIn(tensors.slice(carried), slotsOf(batch, "batches"));
  const signatures = tensors.map(({ shape, dtype }, k) => ({ shape: k < carried ? shape : shape.slice(1), dtype }));
  const site: Site = { state: own, batch, signatures, carried };
  return { site, tensors, count };
}

/** Tensors by number: those of the state first. */
interface Made {
  readonly output: Skeleton;
  readonly tensors: readonly Tensor[];
}

function stepsIn(batches: readonly Tensor[], slots: readonly { readonly path: string }[]): number {
  const [first] = batches;
  if (!first)
    throw new TypeError("scan: found no tensor in batches; expected at least one, whose first axis counts the steps");
  for (const [k, { shape }] of batches.entries()) {
    const { path } = slots[k];
    if (shape.length === 0)
      throw new TypeError(
        `scan: ${path} has no axes, its first one must count the steps; capture it in the step instead`,
      );
    if (shape[0] !== first.shape[0])
      throw new RangeError(
        `scan: ${slots[0].path} has ${first.shape[0]} steps, ${path} has ${shape[0]}; the first axes must be equal`,
      );
  }
  return first.shape[0];
}

/** The step from tensors by number to tensors by number, its state as it came in. */
type Run = (tensors: readonly Tensor[]) => Made;

function checked(step: (state: never, batch: never) => unknown, { state, batch, signatures, carried }: Site): Run {
  return (tensors) => {
    const result = step(fill(state, tensors) as never, fill(batch, tensors) as never);
    if (typeof result !== "object" || result === null || !("state" in result) || !("output" in result)) {
      dissect(result, [], "the step's result", "scan");
      throw new TypeError(
        `scan: a step must return { state, output }, found ${describe(result)}; return output: [] where nothing is kept`,
      );
    }
    const next: Tensor[] = [];
    if (!matches(state, result.state, signatures, next))
      throw new TypeError(`scan: ${changed(state, signatures, result.state)}`);
    const all = next.slice(0, carried);
    return { output: dissect(result.output, all, "the step's output", "scan"), tensors: all };
  };
}

function changed(state: Skeleton, signatures: readonly Signature[], value: unknown): string {
  const found: Tensor[] = [];
  const after = slotsOf(dissect(value, found, "the step's state", "scan"), "state");
  const type = ({ dtype, shape }: Signature) => `${dtype} ${show(shape)}`;
  const before = slotsOf(state, "state");
  for (const [k, { path, index }] of before.entries()) {
    const x = after[k]?.path === path ? found[after[k].index] : undefined;
    if (!x) return `the step returned a state without ${path}; it must return a state like the one it got`;
    if (x.dtype !== signatures[index].dtype || !sameShape(x.shape, signatures[index].shape))
      return `${path} is ${type(signatures[index])} before the step and ${type(x)} after it; it must stay as it is`;
  }
  const more = after[before.length];
  if (more)
    return `the step returned a state with ${more.path} that it did not get; it must return a state like the one it got`;
  return "the step returned other numbers, strings or empty structures in its state than it got; pass what changes as a tensor";
}

/** The program of a step for this site, made if need be, and the first to be found again. */
function entryOf(step: object, run: Run, site: Site, options: BuildOptions): Entry {
  const entries = known.get(step) ?? [];
  const { deterministic = false, profile = false, threads } = options;
  const isLike = ({ deterministic: d = false, profile: p = false, threads: t }: BuildOptions) =>
    d === deterministic && p === profile && t === threads;
  let entry = entries.find((one) => !one.isRunning && sameSite(one.site, site) && isLike(one.options));
  if (!entry) {
    let output: Skeleton | undefined;
    const list: Skeleton = { kind: "list", entries: site.signatures.map((_, index) => ({ kind: "tensor", index })) };
    const program = (...placeholders: Tensor[]): readonly Tensor[] => {
      const made = run(placeholders);
      output = made.output;
      return made.tensors;
    };
    const built = build(program, list, site.signatures, options, everything, scanning(site.carried));
    entry = { ...built, output: output!, site, options: { deterministic, profile, threads }, isRunning: false };
  }
  known.set(step, [entry, ...entries.filter((one) => one !== entry).slice(0, mostPrograms - 1)]);
  return entry;
}

/** The first `carried` results are the arguments of the next step, of which many are run in one call. */
const scanning = (carried: number): Again => ({
  order: (program) => ({ program, carried, places: inPlace(program, carried) }),
  steps: { plan: (program, plan, start) => planSteps(program, plan, carried, start), emit: emitSteps },
  extend: ({ memory, exported, inputs, results, steps, run }) => ({
    inside: {
      plan: steps!,
      results,
      enter(state) {
        for (const { view, index } of inputs) if (index < carried) write(view, state[index]);
      },
      window: (dtype, start, size) => windowOn(memory, dtype, start, size),
      steps: (count, isFirst) => run(() => exported.steps(count, isFirst)),
    },
  }),
});

function compiled(
  step: object,
  run: Run,
  site: Site,
  options: ScanOptions,
  tensors: readonly Tensor[],
  count: number,
): Made {
  const entry = entryOf(step, run, site, options);
  const { executable, output, results } = entry;
  const { progress, signal } = options;
  const between = (done: number): void => {
    progress?.(done, count);
    signal?.throwIfAborted();
  };
  const [state, batches] = [tensors.slice(0, site.carried), tensors.slice(site.carried)];
  const rows = { count, batches, between: progress || signal ? between : undefined };
  const { inside } = executable;
  entry.isRunning = true;
  try {
    return { output, tensors: inside ? runInside(inside, state, rows) : runOutside(executable, results, state, rows) };
  } finally {
    entry.isRunning = false;
  }
}

const sameSite = (a: Site, b: Site): boolean =>
  sameSkeleton(a.state, b.state) &&
  sameSkeleton(a.batch, b.batch) &&
  a.signatures.every(
    ({ shape, dtype }, k) => dtype === b.signatures[k].dtype && sameShape(shape, b.signatures[k].shape),
  );

/** The meaning of a scan, in operations that every transformation knows. */
function loop(run: Run, { signatures, carried }: Site, tensors: readonly Tensor[], count: number): Made {
  let state = tensors.slice(0, carried);
  const batches = tensors.slice(carried);
  const outputs: Tensor[][] = [];
  let output: Skeleton | undefined;
  for (let k = 0; k < count; k++) {
    const made = run([...state, ...batches.map((x) => slice(x, [k]))]);
    output = made.output;
    state = made.tensors.slice(0, carried);
    outputs.push(made.tensors.slice(carried));
  }
  if (output) return { output, tensors: [...state, ...outputs[0].map((_, n) => stack(outputs.map((row) => row[n])))] };
  // No step was taken: what it would give is recorded.
  const { values, outputs: results } = record((placeholders) => {
    const made = run(placeholders);
    output = made.output;
    return made.tensors;
  }, signatures);
  const empty = results.slice(carried).map((k) => zeros([0, ...values[k].shape], values[k].dtype));
  return { output: output!, tensors: [...state, ...empty] };
}
