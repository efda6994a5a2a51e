import { mapLeaves, matchLeaves, type Tensor, withInterpreter, zerosLike } from "@kinship/tensor";
import { callTaped, type Rule, type Transformation } from "./call.js";
import { checkMatch } from "./check.js";
import { push } from "./forward.js";
import { refill } from "./reverse.js";
import type { Structured, StructuredArguments } from "./structured.js";
import { checkVersions, Tape } from "./tape.js";

/** A tape of operations on tangents alone: linear, so that other tangents may be sent through it. */
class LinearTape extends Tape implements Transformation {
  call(rule: Rule, inputs: readonly Tensor[]): readonly Tensor[] {
    // Nothing is saved by calling such a body as a whole here, and what it captures could not be replaced.
    return rule.mayCapture ? rule.evaluate(inputs) : callTaped(this, rule, inputs);
  }

  /** What `outputs` would have been, had `changed` stood in place of some watched tensors. */
  replay(changed: ReadonlyMap<Tensor, Tensor>, outputs: readonly Tensor[]): Tensor[] {
    const now = new Map(changed);
    const current = (x: Tensor) => now.get(x) ?? x;
    for (const note of this.notes) {
      if (!note.inputs.some((x) => now.has(x))) continue;
      checkVersions("linearize", note);
      note.again(note.inputs.map(current)).forEach((y, k) => {
        now.set(note.outputs[k], y);
      });
    }
    return outputs.map(current);
  }
}

/** J·v of a body, recorded once: `along` gives the output's tangents from those of some of the input's leaves. */
export function recordLinear<A, R>(name: string, args: A, body: (own: A) => R) {
  const tape = new LinearTape();
  const watched: Tensor[] = [];
  const start = mapLeaves(name, args, (x) => {
    const tangent = tape.watch(zerosLike(x));
    watched.push(tangent);
    return tangent;
  });
  const tangents: Tensor[] = [];
  const output = withInterpreter(tape, () => {
    const [result, forward] = push(name, args, start, body);
    mapLeaves(name, result, (y) => {
      tangents.push(forward.tangent(y));
      return y;
    });
    return result;
  });
  return {
    output,
    along: (changed: ReadonlyMap<number, Tensor>) =>
      tape.replay(new Map([...changed].map(([k, v]) => [watched[k], v])), tangents),
  };
}

export interface Linearization<Arguments extends readonly unknown[], Output> {
  readonly output: Output;
  /** J·v: the tangent of the output, given those of the arguments. Runs linear operations only, never `f`. */
  readonly pushforward: (...tangents: Arguments) => Output;
}

/**
 * The value of `f` and its Jacobian there as a linear function of tangents. Where `jvp` runs `f` for each tangent, this
 * runs it once, and partial derivatives are computed once.
 * @throws TypeError for integer arguments, a promise, tangents of another structure, shape or dtype.
 * @example linearize((x) => mul(x, x), [tensor([1, 2])]).pushforward(tensor([1, 0]))   // tensor([2, 0])
 */
export function linearize<Arguments extends StructuredArguments<Arguments>, Output extends Structured<Output> = Tensor>(
  f: (...args: Arguments) => Output,
  args: readonly [...Arguments],
): Linearization<Arguments, Output> {
  const { output, along } = recordLinear("linearize", args as unknown as Arguments, (own): Output => f(...own));
  return {
    output,
    pushforward(...tangents) {
      const changed = new Map<number, Tensor>();
      matchLeaves("pushforward", args, tangents).forEach(([x, t, path], k) => {
        checkMatch("pushforward", "tangent", t, x, path);
        changed.set(k, t);
      });
      return refill("pushforward", output, along(changed));
    },
  };
}
