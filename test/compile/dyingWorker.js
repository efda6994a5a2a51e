// The worker's script, whose thread ends once it has taken a share of the first program that it helps with, or, where it
// is told so, when that call is over.
import { parentPort } from "node:worker_threads";

const { ends, word, threadWord, threadBytes } = globalThis.settings;
let control = 0;
parentPort.on("message", (message) => {
  if (message.kind === "load") control = message.control;
});

/** Takes a share as the program does, and says whether there was one. */
function takeShare(words, thread) {
  const own = (name) => (word.threads + thread * threadBytes + threadWord[name]) / 4;
  const next = Atomics.load(words, own("next"));
  if (Atomics.load(words, own("limit")) - next <= 0) return false;
  return Atomics.compareExchange(words, own("next"), next, next + 1) === next;
}

const { Instance } = WebAssembly;
WebAssembly.Instance = class {
  constructor(module, imports) {
    const { exports } = new Instance(module, imports);
    const words = new Int32Array(imports.program.memory.buffer, control);
    const help = (thread) => {
      if (ends === "between calls") exports.help(thread);
      else while (!takeShare(words, thread)) if (!Atomics.load(words, word.open / 4)) return;
      process.exit(7);
    };
    this.exports = { ...exports, help };
  }
};

await import("@kinship/tensor/threads/worker");
