import type { CompareOptions } from "@kinship/mtl";

/** Runs `work` with the cross-validation of so many threads, which end with it. */
export async function withWorkers<T>(
  count: number | undefined,
  signal: AbortSignal,
  work: (options: Pick<CompareOptions, "crossValidate" | "concurrent">) => Promise<T>,
): Promise<T> {
  if (count === undefined || count === 1) return work({});
  const { createWorkers } = await import("@kinship/mtl/parallel");
  const workers = createWorkers({ workers: count, signal });
  try {
    return await work({ crossValidate: workers.crossValidate, concurrent: true });
  } finally {
    await workers.close();
  }
}
