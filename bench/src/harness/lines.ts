import { type ChildProcess, fork, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Line } from "./contestant.js";
import type { CallFamily, Family } from "./family.js";
import type { Reply, Request } from "./protocol.js";
import type { Values } from "./values.js";

// Processes of peers are detached: Ctrl-C in a terminal is for the run, which ends them itself.

/** A peer's process under a Node binary. Its output is dropped: libraries greet their users on the console. */
export function forkLine(entry: string, peer: string, node: string): Line {
  const child = fork(entry, [peer], {
    execPath: node,
    execArgv: ["--expose-gc"],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    detached: true,
  });
  return {
    ...lineOf(child),
    send: (request) => void child.send(request, () => undefined),
    onReply: once((listener) => child.on("message", (reply) => listener(reply as Reply))),
  };
}

/** A Python process that reads a request a line and writes a reply a line. It is sent the inputs: it cannot draw them. */
export function pythonLine(python: string, script: string, peer: string, families: readonly Family[]): Line {
  const child = spawn(python, [script, peer], { stdio: ["pipe", "pipe", "ignore"], detached: true });
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout });
  return {
    ...lineOf(child),
    send: (request) => void child.stdin.write(`${JSON.stringify(withInputs(request, families))}\n`),
    onReply: once((listener) => lines.on("line", (line) => listener(decode(JSON.parse(line))))),
  };
}

/** The last listener alone is called: each question replaces the one before. */
function once<T>(attach: (listener: (value: T) => void) => void): (listener: (value: T) => void) => void {
  let current: ((value: T) => void) | undefined;
  return (listener) => {
    if (current === undefined) attach((value) => current?.(value));
    current = listener;
  };
}

function lineOf(child: ChildProcess): Pick<Line, "onEnd" | "kill"> {
  let end: Parameters<Parameters<Line["onEnd"]>[0]> | undefined;
  let tell: Parameters<Line["onEnd"]>[0] | undefined;
  const ended = (...how: NonNullable<typeof end>) => {
    end ??= how;
    tell?.(...end);
  };
  child.on("error", () => ended("absent", "cannot be started"));
  child.on("exit", (code, signal) => ended("crashed", signal === null ? `exit code ${code}` : `signal ${signal}`));
  return {
    onEnd: (listener) => {
      tell = listener;
      if (end !== undefined) listener(...end);
    },
    kill: () => {
      tell = undefined;
      child.kill("SIGKILL");
    },
  };
}

function withInputs(request: Request, families: readonly Family[]): object {
  if (request.type !== "prepare") return request;
  const family = families.find(({ name }) => name === request.family) as CallFamily;
  const { parameters } = family.cases.find(({ name }) => name === request.case)!;
  const inputs = Object.entries(family.inputs(parameters)).map(([name, values]) => [name, encode(values)] as const);
  return { ...request, parameters, runs: family.runsBeforeReading ?? 1, inputs: Object.fromEntries(inputs) };
}

const encode = ({ data, shape }: Values) => ({
  shape,
  dtype: data.constructor.name.replace("Array", "").toLowerCase(),
  base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
});

/** Python answers arrays as base64 of float64. */
function decode(reply: Record<string, unknown>): Reply {
  const floats = (text: string) => new Float64Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
  if (reply.type === "prepared")
    return { ...reply, outputs: (reply.outputs as string[]).map(floats) } as unknown as Reply;
  if (reply.type === "timed") return { ...reply, samples: floats(reply.samples as string) } as unknown as Reply;
  return reply as unknown as Reply;
}
