/** What workers are told. Everything else they see in shared memory. */
export type Message =
  /** To be answered: a page holds messages back until its events told it that the worker's script has run. */
  | { readonly kind: "greet" }
  | {
      readonly kind: "begin";
      readonly crew: SharedArrayBuffer;
      readonly thread: number;
      /** How many messages have been counted, this one with them. */
      readonly posted: number;
    }
  | {
      readonly kind: "load";
      readonly program: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      /** Where the program's words stand in its memory. */
      readonly control: number;
    }
  | { readonly kind: "forget"; readonly program: number }
  /** It ends by itself: ended from outside it could be at a share, which the calling thread would wait for for ever. */
  | { readonly kind: "end" };

/** What a worker says once it listens, and again to the greeting: messages come to it now without a turn of events. */
export const ready = "ready";
