import {
  alias,
  currentInterpreter,
  type Interpreter,
  isFloating,
  type Maybe,
  type Primitive,
  type Tensor,
  withInterpreter,
} from "@kinship/tensor";
import { Tape, versionsOf } from "./tape.js";

/** A function of tensors with a derivative of its own, on flat lists: what a primitive is for one operation. */
export interface Rule {
  readonly name: string;
  evaluate(inputs: readonly Tensor[]): readonly Tensor[];
  /** Cotangents of the inputs, then of what the body captured; undefined stands for zero. */
  pullback(site: CallSite, cotangents: readonly Maybe[], wanted: readonly boolean[]): readonly Maybe[];
  /** Tangents of the outputs. Absent where forward mode follows the body instead. */
  readonly pushforward?: (site: CallSite, tangents: readonly Maybe[]) => readonly Maybe[];
  /** Whether the body may use tensors under differentiation that are not among its inputs. */
  readonly mayCapture: boolean;
}

export interface CallSite {
  readonly rule: Rule;
  readonly inputs: readonly Tensor[];
  readonly captured: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** An interpreter that also takes part in calls of rules. Others see the operations of the body. */
export interface Transformation extends Interpreter {
  call(rule: Rule, inputs: readonly Tensor[]): readonly Tensor[];
}

const isTransformation = (x: Interpreter): x is Transformation => "call" in x;

/** As `apply` does for a primitive: asks the current interpreter. */
export function call(rule: Rule, inputs: readonly Tensor[]): readonly Tensor[] {
  const interpreter = currentInterpreter();
  if (isTransformation(interpreter)) return interpreter.call(rule, inputs);
  return interpreter instanceof Tape ? callTaped(interpreter, rule, inputs) : rule.evaluate(inputs);
}

/** Notes the call as a whole. Here and not with the tape, which without rules of one's own is shipped without this. */
export function callTaped(tape: Tape, rule: Rule, inputs: readonly Tensor[]): readonly Tensor[] {
  const { outer, tracked, notes } = tape;
  const captured = new Set<Tensor>();
  const see = (x: Tensor) => {
    if (tracked.has(x)) captured.add(x);
  };
  // New identities on both sides: what the body captures, or returns unchanged, is not taken for its arguments.
  const outputs = withInterpreter(outer, () => call(observed(rule, see), inputs.map(alias)).map(alias));
  refuseCaptured(rule, captured);
  if (captured.size > 0 || inputs.some((x) => tracked.has(x))) {
    for (const y of outputs) if (isFloating(y.dtype)) tracked.add(y);
    const site = { rule, inputs, captured: [...captured], outputs };
    const all = [...inputs, ...captured];
    notes.push({
      name: rule.name,
      inputs: all,
      outputs,
      versions: versionsOf(all, outputs),
      pullback: (cotangents, wanted) => rule.pullback(site, cotangents, wanted),
      again: (others) => call(rule, others),
    });
  }
  return outputs;
}

/** Shows every tensor that operations are applied to, and changes nothing. */
class Observer implements Transformation {
  readonly #outer = currentInterpreter();
  readonly #see: (x: Tensor) => void;

  constructor(see: (x: Tensor) => void) {
    this.#see = see;
  }

  apply<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    inputs.forEach(this.#see);
    return this.#outer.apply(primitive, inputs, params);
  }

  call(rule: Rule, inputs: readonly Tensor[]): readonly Tensor[] {
    inputs.forEach(this.#see);
    return withInterpreter(this.#outer, () => call(observed(rule, this.#see), inputs));
  }
}

/** The same rule, whose body shows what it uses, however deep the interpreter that runs it. */
export const observed = (rule: Rule, see: (x: Tensor) => void): Rule => ({
  ...rule,
  evaluate: (inputs) => withInterpreter(new Observer(see), () => rule.evaluate(inputs)),
});

export function refuseCaptured(rule: Rule, captured: ReadonlySet<Tensor>): void {
  const [first] = captured;
  if (first && !rule.mayCapture)
    throw new TypeError(
      `${rule.name}: the function uses a tensor of shape [${first.shape.join(", ")}] that is being differentiated but is not among its arguments; pass it as an argument, or stopGradient it before`,
    );
}
