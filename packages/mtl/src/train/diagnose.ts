import { vjp } from "@kinship/autodiff";
import {
  cast,
  currentInterpreter,
  full,
  type Interpreter,
  isFloating,
  leaves,
  type Primitive,
  reshape,
  type Structure,
  splitKey,
  type Tensor,
  withInterpreter,
} from "@kinship/tensor";
import type { FittedTasks } from "../deep/predict.js";
import { show } from "../layers/layer.js";
import type { Batch, Objective, ObjectiveParameters } from "../objective/objective.js";
import type { Moving } from "./state.js";

/** Training met a number that is infinite or not a number. The last good state is kept. */
export class NotFiniteError extends Error {
  override readonly name = "NotFiniteError";
  /** The model before the step that failed: `predictTasks` and `saveModel` take it. Set by `train`. */
  lastGood: FittedTasks | null = null;

  constructor(
    /** Counted from 0. */
    readonly step: number,
    /** In whose loss or gradient it came up; null where it came up in no task's alone. */
    readonly task: string | null,
    /** The first operation whose result was not finite although what it was given was; null where none was found. */
    readonly operation: string | null,
    message: string,
  ) {
    super(message);
  }
}

class FirstFault extends Error {
  constructor(
    readonly operation: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

const firstNotFinite = (x: Tensor): number | undefined =>
  isFloating(x.dtype) ? x.toTypedArray().find((value) => !Number.isFinite(value)) : undefined;

/** Runs each operation as the interpreter outside would, and throws at the first that makes a number not finite. */
function checking(): Interpreter {
  const outer = currentInterpreter();
  return {
    apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
      const output = outer.apply(primitive, inputs, params);
      const value = firstNotFinite(output);
      if (value === undefined || inputs.some((x) => firstNotFinite(x) !== undefined)) return output;
      const given = inputs.map((x) => `${show(x.shape)} from ${range(x)}`).join(" and ");
      throw new FirstFault(primitive.name, `${primitive.name} of ${given} gave ${value}`);
    },
  };
}

function range(x: Tensor): string {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of x.toTypedArray()) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return x.size === 0 ? "nothing" : `${low.toPrecision(4)} to ${high.toPrecision(4)}`;
}

function faultIn(body: () => unknown): FirstFault | null {
  try {
    withInterpreter(checking(), () => {
      body();
    });
    return null;
  } catch (error) {
    if (error instanceof FirstFault) return error;
    throw error;
  }
}

/**
 * Runs a step that went wrong again, operation by operation: first each task's loss and gradient alone, then the
 * penalties, then the whole step. An operation that is infinite by design (and masked later) may be named in its stead.
 */
export function diagnose(
  objective: Objective,
  state: Moving,
  batch: Batch,
  step: number,
  repeat: () => unknown,
): NotFiniteError {
  const where = (what: string, fault: FirstFault | null) =>
    `train, step ${step}: ${what}: ${fault?.detail ?? "no single operation was found"}; lower the learning rate, clip the gradient, or look at the inputs. The state before the step is kept.`;
  for (const { x } of batch)
    if (firstNotFinite(x) !== undefined)
      return new NotFiniteError(step, null, null, where("an input is not finite", null));
  for (const leaf of leaves("diagnose", state.parameters))
    if (firstNotFinite(leaf) !== undefined)
      return new NotFiniteError(step, null, null, where("a parameter was not finite before the step", null));
  const [, now] = splitKey(state.key) as [Tensor, Tensor];
  const context = { training: true, key: () => now, state: state.layers };
  for (const task of objective.tasks) {
    const alone = batch
      .filter((group) => task in group.targets)
      .map(({ x, targets }) => ({ x, targets: { [task]: targets[task]! } }));
    if (alone.length === 0) continue;
    const fault = faultIn(() => gradientOf(state, (p) => objective.losses(p, alone, context).losses[task]!));
    if (fault)
      return new NotFiniteError(
        step,
        task,
        fault.operation,
        where(`task "${task}" is the first that is not finite`, fault),
      );
  }
  const fault = faultIn(() => gradientOf(state, (p) => objective.penalty(p, state.penalties))) ?? faultIn(repeat);
  return new NotFiniteError(step, null, fault?.operation ?? null, where("outside the tasks' losses", fault));
}

function gradientOf(state: Moving, f: (parameters: ObjectiveParameters) => Tensor): Structure {
  const { pullback } = vjp((p: ObjectiveParameters) => cast(reshape(f(p), []), "float64"), [state.parameters]);
  return pullback(full([], 1, "float64"))[0];
}
