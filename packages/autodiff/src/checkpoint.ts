import { leaves, type Tensor, withInterpreter } from "@kinship/tensor";
import { call } from "./call.js";
import { refill } from "./reverse.js";
import type { Structured, StructuredArguments } from "./structured.js";
import { Tape } from "./tape.js";

/**
 * The same function, whose intermediate results are not kept for the backward pass but computed again in it: memory for
 * time (T. Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016). Splitting n layers into √n such segments
 * keeps about 2√n results instead of n, for one more forward pass. Forward mode keeps nothing and is not changed; reverse
 * over forward (the gradient of a directional derivative) keeps everything, as if this were not here.
 *
 * The body runs again, so it must give the same result for the same arguments: draw random numbers outside of it. It may
 * use parameters that it captured; their derivatives are right.
 * @example grad((x) => sum(checkpoint((y) => tanh(exp(y)))(x)))(tensor([1, 2]))
 */
export const checkpoint =
  <Arguments extends StructuredArguments<Arguments>, Output extends Structured<Output> = Tensor>(
    f: (...args: Arguments) => Output,
  ) =>
  (...args: Arguments): Output => {
    let output: Output | undefined;
    const evaluate = (inputs: readonly Tensor[]): Tensor[] => {
      output = f(...refill("checkpoint", args, inputs));
      return leaves("checkpoint", output);
    };
    const outputs = call(
      {
        name: "checkpoint",
        mayCapture: true,
        evaluate,
        pullback({ inputs, captured }, cotangents, wanted) {
          const tape = new Tape();
          const own = inputs.map((x, k) => (wanted[k] ? tape.watch(x) : x));
          captured.forEach((x) => {
            tape.watchCaptured(x);
          });
          const again = withInterpreter(tape, () => evaluate(own));
          const seeds = again.flatMap((y, k) => {
            const g = cotangents[k];
            return g ? [[y, g] as const] : [];
          });
          return tape.pullback(seeds, [...own, ...captured]);
        },
      },
      leaves("checkpoint", args),
    );
    return refill("checkpoint", output!, outputs);
  };
