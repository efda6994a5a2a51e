import type { Outputs } from "./values.js";

/** Why an answer is wrong, or how far it lies from the reference. */
export type Verdict =
  | { readonly right: true; readonly error: number }
  | { readonly right: false; readonly reason: string };

/**
 * The largest |answer − reference| of each output over the largest |reference| in it.
 * One scale for an output, because a single product or sum near zero has no small relative error in float32.
 */
export function verify(answer: Outputs, reference: Outputs, tolerance: number): Verdict {
  if (answer.length !== reference.length)
    return { right: false, reason: `${answer.length} outputs, expected ${reference.length}` };
  let worst = 0;
  for (const [position, expected] of reference.entries()) {
    const found = answer[position]!;
    if (found.length !== expected.length)
      return { right: false, reason: `output ${position} has ${found.length} values, expected ${expected.length}` };
    let scale = 0;
    let difference = 0;
    for (let i = 0; i < expected.length; i++) {
      const value = found[i];
      if (typeof value !== "number" || !Number.isFinite(value))
        return { right: false, reason: `output ${position} holds ${String(value)} at ${i}, expected ${expected[i]}` };
      scale = Math.max(scale, Math.abs(expected[i]!));
      difference = Math.max(difference, Math.abs(value - expected[i]!));
    }
    worst = Math.max(worst, scale === 0 ? difference : difference / scale);
  }
  if (worst > tolerance)
    return { right: false, reason: `off by ${worst.toExponential(1)}, allowed ${tolerance.toExponential(1)}` };
  return { right: true, error: worst };
}
