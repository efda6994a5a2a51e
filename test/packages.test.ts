import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const libraries = ["tensor", "autodiff", "mtl"];
const manifest = (name: string) => JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, "utf8"));

/** A bundle of this code, minified, for browsers, from what `npm publish` would ship. */
async function bundle(code: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: "js" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    treeShaking: true,
  });
  return outputFiles[0].contents;
}

const bundled = async (code: string): Promise<number> => gzipSync(await bundle(code), { level: 9 }).length;

describe("the libraries", () => {
  test("depend at run time on nothing but each other", () => {
    for (const name of libraries)
      for (const dependency of Object.keys(manifest(name).dependencies ?? {}))
        expect(dependency).toMatch(/^@kinship\//);
  });

  test("are ES modules without side effects, for the Node that they name", () => {
    for (const name of libraries)
      expect(manifest(name)).toMatchObject({ type: "module", sideEffects: false, engines: { node: ">=20.19.0" } });
  });

  test("compile nothing, start nothing and take no memory when they are imported", () => {
    const watch = `
      const done = [];
      for (const name of ["Module", "Instance", "Memory", "Table"])
        WebAssembly[name] = new Proxy(WebAssembly[name], { construct: (of, args) => (done.push(name), new of(...args)) });
      for (const name of ["Float64Array", "Float32Array", "Int32Array", "Uint8Array", "ArrayBuffer"])
        globalThis[name] = new Proxy(globalThis[name], {
          construct: (of, args) => {
            const made = new of(...args);
            if (made.byteLength > 65536) done.push(name);
            return made;
          },
        });
      for (const name of ${JSON.stringify(libraries)}) await import("@kinship/" + name);
      console.log(JSON.stringify(done));`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", watch], {
      cwd: root,
      encoding: "utf8",
    });
    expect(JSON.parse(printed)).toEqual([]);
  });
});

describe("sizes of bundles, minified and gzipped", () => {
  test.each([
    [6_000, 'export { tensor, add } from "@kinship/tensor"'],
    [40_000, 'export * from "@kinship/tensor"'],
    [42_500, 'export { compile } from "@kinship/tensor/compile"'],
  ])("at most %i bytes: %s", async (most, code) => {
    expect(await bundled(code)).toBeLessThanOrEqual(most);
  });
});

test("who opens no threads ships none of their code", async () => {
  const textOf = async (code: string) => new TextDecoder().decode(await bundle(code));
  expect(await textOf('export * from "@kinship/tensor/compile"')).not.toMatch(/Atomics|Worker|SharedArrayBuffer/);
  expect(await textOf('export * from "@kinship/tensor/threads"')).toMatch(/Atomics/);
});
