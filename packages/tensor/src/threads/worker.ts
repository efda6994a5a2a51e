import type { Message } from "./messages.js";
import { ready } from "./messages.js";
import { crewWord, failureLength, threadBytes, threadWord, word } from "./words.js";

// The script of a worker: sleeps until a program's call begins, then helps with it. While it sleeps it hears no
// messages, so it counts those that were posted and goes back to listening when there are more than it has had.

interface Loaded {
  /** The words of the program. */
  readonly words: Int32Array;
  readonly help: (thread: number) => void;
}

const programs = new Map<number, Loaded>();
let crew: Int32Array = new Int32Array(0);
let thread = 0;
let received = 0;

/** Rounds of looking before a worker sleeps: some 20 µs, about as long as waking takes. */
const patience = 2000;

const place = (offset: number): number => offset >> 2;

function read(message: Message): void {
  switch (message.kind) {
    case "greet":
      (port ?? scope).postMessage(ready);
      break;
    case "begin":
      crew = new Int32Array(message.crew);
      thread = message.thread;
      received = message.posted;
      break;
    case "load": {
      const { module, memory, control, program } = message;
      // Only the calling thread runs what needs JavaScript.
      const { exports } = new WebAssembly.Instance(module, { program: { memory, host: () => {} } });
      programs.set(program, {
        words: new Int32Array(memory.buffer, control),
        help: exports.help as (thread: number) => void,
      });
      break;
    }
    case "forget":
      programs.delete(message.program);
      break;
    case "end":
      (port ?? scope).close();
  }
}

/** Leaves word of a failure where the calling thread finds it, which cannot hear messages either. */
function report(reason: unknown): void {
  const text = String(reason).slice(0, failureLength);
  const letters = new Uint16Array(crew.buffer, crewWord.failure + 4);
  for (let k = 0; k < text.length; k++) letters[k] = text.charCodeAt(k);
  Atomics.store(crew, place(crewWord.failure), text.length);
}

function help({ words, help }: Loaded): void {
  const isInside = place(word.threads + thread * threadBytes + threadWord.isInside);
  // One that this worker has replaced may be there still, and packs its operands where this one would.
  if (Atomics.compareExchange(words, isInside, 0, 1) !== 0) return;
  try {
    if (Atomics.load(words, place(word.open))) help(thread);
  } catch (reason) {
    report(reason);
    // The share at hand will not be done by anybody else.
    Atomics.add(words, place(word.done), 1);
    Atomics.notify(words, place(word.done));
  } finally {
    Atomics.store(words, isInside, 0);
  }
}

/** Helps with one call after another, until a message waits. */
function serve(): void {
  for (;;) {
    const news = Atomics.load(crew, place(crewWord.news));
    if (Atomics.load(crew, place(crewWord.posted)) !== received) return;
    const program = programs.get(Atomics.load(crew, place(crewWord.program)));
    if (program) help(program);
    const isNew = () => Atomics.load(crew, place(crewWord.news)) !== news;
    let rounds = patience;
    while (rounds-- > 0 && !isNew());
    if (!isNew()) Atomics.wait(crew, place(crewWord.news), news);
  }
}

function listen(message: Message): void {
  received++;
  try {
    read(message);
  } catch (reason) {
    report(reason);
  }
  if (crew.length > 0 && message.kind !== "end") serve();
}

interface NodePort {
  on(event: "message", listener: (message: Message) => void): void;
  postMessage(message: unknown): void;
  close(): void;
}

interface PageScope {
  onmessage: ((event: { readonly data: Message }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

const { process } = globalThis as {
  process?: { getBuiltinModule?(name: string): { readonly parentPort?: NodePort } };
};
const port = process?.getBuiltinModule?.("node:worker_threads").parentPort;
const scope = globalThis as unknown as PageScope;
if (port) port.on("message", listen);
else scope.onmessage = ({ data }) => listen(data);
(port ?? scope).postMessage(ready);
