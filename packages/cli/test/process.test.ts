import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { shops } from "./commands/data.js";
import { temporaryFolder } from "./support.js";

const program = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = temporaryFolder();
const columns = ["--task", "shop", "--target", "sales"];

/** Tells this process when the program has begun to listen to Ctrl-C. */
const reporter = `data:text/javascript,process.on("newListener",(name)=>{if(name==="SIGINT")setImmediate(()=>process.send("listening"))})`;

interface Ended {
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly error: string;
}

function start(
  words: readonly string[],
  onListening: (interrupt: () => void) => void = () => undefined,
): Promise<Ended> {
  const child = fork(program, words, { silent: true, execArgv: ["--import", reporter] });
  let error = "";
  child.stderr!.on("data", (text) => {
    error += text;
  });
  child.on("message", () => onListening(() => child.kill("SIGINT")));
  return new Promise((resolve) => child.on("close", (code, killedBy) => resolve({ code, killedBy, error })));
}

test("Ctrl-C ends the program with 130 and leaves nothing", async () => {
  const out = join(folder.path, "interrupted");
  const data = folder.file("long.csv", shops({ tasks: 1000, rows: 300 }));
  const ended = await start(["fit", data, ...columns, "--out", out], (interrupt) => interrupt());
  expect(ended).toEqual({ code: 130, killedBy: null, error: "interrupted; nothing was written\n" });
  expect(existsSync(out)).toBe(false);
});

test("exit codes reach the shell", async () => {
  const data = folder.file("shops.csv", shops());
  const codes = await Promise.all([
    start(["fit", data, ...columns, "--out", join(folder.path, "fine")]),
    start(["fit", join(folder.path, "none.csv"), ...columns]),
    start(["fit", data]),
  ]);
  expect(codes.map(({ code }) => code)).toEqual([0, 1, 2]);
});
