import { add, foldIn, leaves, mapLeaves, mul, randomKey, uniform } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { cnnStep, kinshipStep, mlpStep, type TrainingStep } from "./steps.js";

type Step = (...args: unknown[]) => unknown;

/** A step whose arguments are numbers between .1 and 1, of which no two are the same: their sums are rounded. */
export function rounded(make: () => TrainingStep): { readonly step: Step; readonly args: readonly unknown[] } {
  const { step, args } = make();
  let key = randomKey(20261120);
  const varied = mapLeaves("rounded", args, ({ shape }) => {
    key = foldIn(key, 1);
    return add(mul(uniform(key, shape), 0.9), 0.1);
  });
  return { step: step as Step, args: varied };
}

export const steps: Readonly<Record<string, () => TrainingStep>> = { mlpStep, cnnStep, kinshipStep };

/** The SHA-256 digest of all bits of what each step gives, compiled to be deterministic. */
export async function digests(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, make] of Object.entries(steps)) {
    const { step, args } = rounded(make);
    const parts = leaves("digests", compile(step, { deterministic: true })(...args)).map(
      (x) => new Uint8Array(x.toTypedArray().slice().buffer),
    );
    const bytes = await new Blob(parts).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    found[name] = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return found;
}
