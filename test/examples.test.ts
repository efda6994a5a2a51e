import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../examples", import.meta.url));
const examples = readdirSync(folder).filter((name) => name.endsWith(".ts"));

test("there are examples", () => expect(examples.length).toBeGreaterThan(0));

for (const name of examples)
  test(`${name} runs and prints what it found`, { timeout: 300_000 }, () => {
    // Examples that train for long do less of it here; what they reach in full is stated where they are described.
    const env = { ...process.env, KINSHIP_QUICK: "1" };
    const printed = execFileSync(process.execPath, [`${folder}/dist/${name.replace(/ts$/, "js")}`], {
      encoding: "utf8",
      env,
    });
    expect(printed.trim()).not.toBe("");
  });
