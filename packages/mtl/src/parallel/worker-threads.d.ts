/** What is used of Node's worker threads: the library itself is compiled without the types of Node. */
declare module "node:worker_threads" {
  export class Worker {
    constructor(file: URL, options?: { readonly execArgv?: readonly string[] });
    postMessage(message: unknown): void;
    terminate(): Promise<number>;
    on(event: "message", listener: (message: unknown) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "exit", listener: (code: number) => void): this;
  }
  export const parentPort: {
    postMessage(message: unknown): void;
    on(event: "message", listener: (message: unknown) => void): void;
  } | null;
}

declare module "node:os" {
  export function availableParallelism(): number;
}
