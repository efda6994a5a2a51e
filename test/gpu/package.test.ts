import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const shipped = fileURLToPath(new URL("../../packages/tensor", import.meta.url));

test("where gpu.js is not installed, opening a device says so and names the package; importing does not mind", () => {
  const folder = mkdtempSync(join(tmpdir(), "kinship-gpu-"));
  try {
    const home = join(folder, "node_modules", "@kinship", "tensor");
    for (const part of ["package.json", "dist"]) cpSync(join(shipped, part), join(home, part), { recursive: true });
    const code = `
      const { openGpu } = await import("@kinship/tensor/gpu");
      console.log("imported");
      await openGpu({ fallback: "cpu" }).catch((reason) => console.log(reason.message));`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(printed).toMatch(/^imported\nopenGpu: the package gpu\.js could not be loaded; .*npm install gpu\.js@2/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
