import { execFile } from "node:child_process";
import { chmodSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./support.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const execute = promisify(execFile);

const blocks = (file: string, language: string): string[] =>
  [...readFileSync(join(root, file), "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!);

describe("docs/command-line.md", () => {
  const folder = temporaryFolder();
  symlinkSync(join(root, "examples"), join(folder.path, "examples"));
  chmodSync(
    folder.file("kinship", `#!/bin/sh\nexec "${process.execPath}" "${root}packages/cli/dist/main.js" "$@"\n`),
    0o755,
  );
  const environment = { ...process.env, PATH: `${folder.path}:${process.env.PATH}` };

  test.each(blocks("docs/command-line.md", "sh"))("runs: %s", { timeout: 60_000 }, async (block) => {
    const { stderr } = await execute("sh", ["-e", "-c", block], { cwd: folder.path, env: environment });
    expect(stderr).toBe("");
    for (const [, file] of block.matchAll(/--out (\S+)/g)) expect(existsSync(join(folder.path, file!))).toBe(true);
  });
});

test("the README's example runs and prints what it says", async () => {
  const [example] = blocks("README.md", "ts");
  const { outputFiles } = await build({
    stdin: { contents: example!, loader: "ts", resolveDir: root },
    ...{ bundle: true, write: false, format: "esm", platform: "node" },
    alias: {
      "@kinship/tensor/compile": join(root, "packages/tensor/src/compile/index.ts"),
      "@kinship/tensor/safetensors": join(root, "packages/tensor/src/safetensors.ts"),
      ...Object.fromEntries(
        ["tensor", "autodiff", "mtl"].map((name) => [`@kinship/${name}`, join(root, `packages/${name}/src/index.ts`)]),
      ),
    },
  });
  const { stdout } = await execute(process.execPath, ["--input-type=module", "--eval", outputFiles[0]!.text]);
  expect(stdout.trim()).toBe(/console\.log\(.*\/\/ (.*)$/m.exec(example!)![1]);
});
