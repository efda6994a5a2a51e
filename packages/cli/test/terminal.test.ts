import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { shops } from "./commands/data.js";
import { kinship, temporaryFolder } from "./support.js";

const folder = temporaryFolder();
const words = (out: string): string[] => [
  ...["fit", folder.file("shops.csv", shops()), "--task", "shop", "--target", "sales"],
  ...["--out", join(folder.path, out)],
];
const escape = "\u001b[";

describe("what is for people to watch", () => {
  test("progress is shown on a terminal and cleared", async () => {
    const { code, error } = await kinship(words("tty"), { isTTY: true });
    expect(code).toBe(0);
    expect(error).toMatch(/reading shops\.csv/);
    expect(error).toMatch(/cross-validation/);
    expect(error).toContain(escape);
    // The cursor that was hidden is shown again.
    expect(error.lastIndexOf("\u001b[?25h")).toBeGreaterThan(error.lastIndexOf("\u001b[?25l"));
  });

  test("nothing of it goes to a file or a pipe", async () => {
    const { output, error } = await kinship(words("pipe"));
    expect(error).toBe("");
    expect(output).not.toContain(escape);
  });

  test("the best method is bold on a terminal, unless NO_COLOR is set", async () => {
    expect((await kinship(words("bold"), { isTTY: true })).output).toContain("\u001b[1mmulti-task");
    expect((await kinship(words("plain"), { isTTY: true, environment: { NO_COLOR: "1" } })).output).not.toContain(
      escape,
    );
  });
});

describe("an interruption", () => {
  test.each(["reading", "cross-validation"])("during %s leaves with 130 and writes nothing", async (stage) => {
    const controller = new AbortController();
    const onError = (text: string): void => {
      if (text.includes(stage)) controller.abort();
    };
    const { code, output, error } = await kinship(words(stage), { isTTY: true, signal: controller.signal, onError });
    expect({ code, output }).toEqual({ code: 130, output: "" });
    expect(error).toMatch(/interrupted; nothing was written\n$/);
    expect(existsSync(join(folder.path, stage))).toBe(false);
  });

  test("before the start does no work", async () => {
    expect((await kinship(words("before"), { signal: AbortSignal.abort() })).code).toBe(130);
  });
});
