import { Worker } from "node:worker_threads";
import { InputError } from "../errors.js";
import type { FoldOutcome } from "../solvers/fold-fits.js";
import type { Reply, Request, SolveFold } from "./messages.js";

export interface Threads {
  readonly count: number;
  /** To every thread. */
  broadcast(message: Request): void;
  solve(thread: number, message: Omit<SolveFold, "id">): Promise<FoldOutcome>;
  /** Frees what the threads keep of a job. */
  forget(job: number): void;
  /** Ends the threads; what they had under way is rejected. */
  close(reason?: unknown): Promise<void>;
}

interface Waiting {
  readonly thread: number;
  readonly resolve: (outcome: FoldOutcome) => void;
  readonly reject: (reason: unknown) => void;
}

/** Threads that start with the first message. Whatever ends one of them ends all, and rejects what was under way. */
export function startThreads(count: number): Threads {
  const waiting = new Map<number, Waiting>();
  let threads: Worker[] | undefined;
  let ended: { readonly reason: unknown } | undefined;
  let next = 0;

  const end = async (reason: unknown): Promise<void> => {
    ended ??= { reason };
    for (const { reject } of waiting.values()) reject(ended.reason);
    waiting.clear();
    const ending = threads ?? [];
    threads = [];
    await Promise.all(ending.map((thread) => thread.terminate()));
  };
  const receive = (message: unknown): void => {
    const reply = message as Reply;
    const waiter = waiting.get(reply.id);
    if (waiter === undefined) return;
    waiting.delete(reply.id);
    if ("outcome" in reply) waiter.resolve(reply.outcome);
    else waiter.reject(errorOf(reply.failure));
  };
  const start = (): Worker[] =>
    Array.from({ length: count }, (_, thread) =>
      new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] })
        .on("message", receive)
        .on("error", (error) => void end(error))
        .on("exit", (code) => {
          if (ended === undefined) void end(new Error(`worker ${thread + 1} ended with exit code ${code}`));
        }),
    );
  const running = (): Worker[] => {
    if (ended !== undefined) throw ended.reason;
    threads ??= start();
    return threads;
  };
  return {
    count,
    broadcast(message) {
      for (const thread of running()) thread.postMessage(message);
    },
    solve: (thread, message) =>
      new Promise((resolve, reject) => {
        const to = running()[thread]!;
        const id = next++;
        waiting.set(id, { thread, resolve, reject });
        to.postMessage({ ...message, id });
      }),
    forget(job) {
      for (const thread of threads ?? []) thread.postMessage({ kind: "close", job });
    },
    close: (reason = new InputError("the workers were closed; make new ones")) => end(reason),
  };
}

function errorOf({ message, stack, input }: Extract<Reply, { readonly failure: unknown }>["failure"]): Error {
  const error = input ? new InputError(message) : new Error(message);
  error.stack = `${error.name}: ${message}\n    in a worker thread: ${stack}`;
  return error;
}
