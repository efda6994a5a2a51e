import { availableParallelism } from "node:os";
import { InputError } from "../errors.js";
import type { Loss } from "../losses/loss.js";
import { describeLoss, lossOf } from "../losses/saved.js";
import { type CrossValidator, type DescribedCrossValidation, describedOptions } from "../methods/cross-validation.js";
import type { RegularizerDescription, SingleDescription } from "../methods/describe.js";
import { type LinearCrossValidation, searchLambda } from "../solvers/cross-validate.js";
import type { FoldSolver } from "../solvers/fold-fits.js";
import type { FoldScheme } from "../solvers/fold-plan.js";
import { sharedTasks } from "./plain-tasks.js";
import { startThreads, type Threads } from "./threads.js";

export interface WorkersOptions {
  /** How many threads; as many as the machine has processors unless given. */
  readonly workers?: number;
  /** Aborting ends the threads and rejects what they had under way with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Workers {
  /** `crossValidateLinear` on the threads: the same numbers, to the bit. Several calls may be under way. */
  readonly crossValidate: CrossValidator;
  /** Ends the threads. They do not end by themselves. */
  close(): Promise<void>;
}

/**
 * Worker threads of Node that fit the folds of cross-validations. They start when first needed.
 * @throws InputError for a number of workers that is not a whole number from 1 on
 */
export function createWorkers({ workers = availableParallelism(), signal }: WorkersOptions = {}): Workers {
  if (!(Number.isInteger(workers) && workers >= 1)) {
    throw new InputError(`createWorkers: workers must be a whole number from 1 on, not ${workers}`);
  }
  const threads = startThreads(workers);
  let jobs = 0;
  const abort = () => void threads.close(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return {
    async crossValidate(options) {
      options.signal?.throwIfAborted();
      const job = jobs++;
      try {
        return await searchLambda(describedOptions(options), onThreads(threads, job, options));
      } finally {
        threads.forget(job);
      }
    },
    async close() {
      signal?.removeEventListener("abort", abort);
      await threads.close();
    },
  };
}

function onThreads(threads: Threads, job: number, options: DescribedCrossValidation): FoldSolver {
  const { loss, base, folds, seed = 0, intercept, lambdaIntercept, regularizers } = options;
  return ({ tasks, plans }) => {
    threads.broadcast({
      ...{ kind: "open", job, tasks: sharedTasks(tasks, "crossValidateLinear"), folds, seed },
      loss: { name: loss.name, parameters: loss.parameters },
      ...(base !== undefined && { base }),
      ...(intercept !== undefined && { intercept }),
      ...(lambdaIntercept !== undefined && { lambdaIntercept }),
    });
    let candidate = 0;
    return () => {
      const regularizer = regularizers[candidate]!;
      const first = candidate * plans.length;
      candidate++;
      const begun = new Set<number>();
      return async (settings, rest) => {
        const outcomes = await Promise.all(
          plans.map(({ train }, fold) => {
            const chain = first + fold;
            const fresh = !begun.has(fold);
            begun.add(fold);
            return threads.solve((job + chain) % threads.count, {
              ...{ kind: "solve", job, chain, fold, settings },
              regularizer: fresh ? plainRegularizer(regularizer, train) : null,
            });
          }),
        );
        await rest();
        return outcomes;
      };
    };
  };
}

/** What a kinship builder builds for the tasks that train. */
function plainRegularizer(
  regularizer: RegularizerDescription,
  train: readonly { readonly name: string }[],
): RegularizerDescription {
  const built = (single: SingleDescription): SingleDescription =>
    single.name === "k-norm" && typeof single.kinship === "function"
      ? { name: "k-norm", kinship: single.kinship(train.map(({ name }) => name)) }
      : single;
  switch (regularizer.name) {
    case "sum":
    case "split": {
      const parts = regularizer.parts.map((part) => ({ ...part, regularizer: built(part.regularizer) }));
      return { name: regularizer.name, parts };
    }
    case "dirty":
    case "robust":
    case "sparse-low-rank":
      return regularizer;
    default:
      return built(regularizer);
  }
}

export interface CrossValidateInWorkersOptions
  extends WorkersOptions,
    Omit<DescribedCrossValidation, "regularizers" | "loss" | "folds" | "signal"> {
  /** One, or several to choose from. */
  readonly regularizer: RegularizerDescription | readonly RegularizerDescription[];
  /** Of this library; squared errors unless given. */
  readonly loss?: Loss;
  /** Folds within tasks unless given. */
  readonly folds?: FoldScheme;
}

/**
 * `crossValidateLinear` on worker threads, which end with it: the same numbers, to the bit. Regularizers are given as plain
 * data, since functions cannot be sent to a thread. Every fold stays with one thread, so more threads than folds are of
 * no use but for several regularizers.
 * @throws InputError for what `crossValidateLinear` refuses, and for a loss that is not of this library
 */
export async function crossValidateInWorkers(options: CrossValidateInWorkersOptions): Promise<LinearCrossValidation> {
  const { workers, signal, regularizer, loss, folds = { kind: "within-tasks" }, ...rest } = options;
  const description = loss === undefined ? { name: "squared", parameters: {} } : describeLoss(loss);
  if (loss !== undefined && !isOurs(loss)) {
    throw new InputError(
      `crossValidateInWorkers: the loss "${loss.name}" is a function of your own, which cannot be sent to a thread; use crossValidateLinear`,
    );
  }
  const threads = createWorkers({ ...(workers !== undefined && { workers }), ...(signal && { signal }) });
  try {
    return await threads.crossValidate({
      ...{ ...rest, folds, loss: description },
      regularizers: Array.isArray(regularizer) ? regularizer : [regularizer as RegularizerDescription],
      ...(signal && { signal }),
    });
  } finally {
    await threads.close();
  }
}

function isOurs(loss: Loss): boolean {
  try {
    return lossOf(describeLoss(loss)).source === loss.source;
  } catch {
    return false;
  }
}
