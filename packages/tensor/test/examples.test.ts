import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as core from "../src/index.js";
import * as safetensors from "../src/safetensors.js";

const kinship = { ...core, ...safetensors };

// Every `@example` of a docstring is an expression in the package's own names: it is evaluated, and must give something.

const source = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

const examples = files.flatMap((file) =>
  [...readFileSync(`${source}/${file}`, "utf8").matchAll(/@example\s+(.*?)(?:\s*\*\/|\s*\/\/.*)?\n/g)].map(
    ([, code]) => [file, code] as const,
  ),
);

/** Those that need more than the package's names say so by themselves. */
const runnable = examples.filter(([file]) => !/^(wasm|compile|gpu)\//.test(file));

test("there are examples", () => expect(runnable.length).toBeGreaterThan(100));

test.each(runnable)("%s: %s", (_, code) => {
  const names = Object.keys(kinship);
  const run = new Function(...names, `"use strict"; return (${code});`) as (...values: unknown[]) => unknown;
  const result = run(...Object.values(kinship));
  expect(result).toBeDefined();
  if (result instanceof core.Tensor) expect(result.toTypedArray().length).toBe(result.size);
});
