import type { Comparison, Progress } from "@kinship/mtl";
import { weightNorms } from "./coefficients.js";
import type { NormPaths } from "./data.js";

/** More lines than this cannot be told apart. */
const mostLines = 12;

/** Fits the chosen method again for each λ that cross-validation tried. */
export async function collectNorms(
  { multi }: Comparison,
  onProgress: (step: Progress) => void,
  signal: AbortSignal,
): Promise<NormPaths | null> {
  const { path, lambda, variant } = multi.validation;
  const lambdas = [...new Set(path.filter((point) => point.variant === variant).map((point) => point.lambda))];
  if (lambdas.length < 2) return null;
  lambdas.sort((a, b) => a - b);
  const found: number[][] = [];
  let names: readonly string[] = [];
  for (const [done, value] of lambdas.entries()) {
    onProgress({ stage: "path of the weights", done, total: lambdas.length });
    // The thread is handed back, so that an interruption is heard.
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    const fitted = weightNorms(await multi.refit(value));
    names = fitted.names;
    found.push(fitted.norms);
  }
  const chosen = lambdas.indexOf(lambda);
  const features = names
    .map((name, row) => ({ name, norms: found.map((norms) => norms[row]!) }))
    .sort((a, b) => b.norms[chosen]! - a.norms[chosen]! || Math.max(...b.norms) - Math.max(...a.norms));
  return { lambdas, lambda, features: features.slice(0, mostLines) };
}
