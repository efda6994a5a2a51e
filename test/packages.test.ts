import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const libraries = ["tensor", "autodiff", "mtl"];
/** Runs a module in Node on the packages as they are published; what it prints is JSON. */
const printed = (code: string): unknown =>
  JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd: root, encoding: "utf8" }));
const manifest = (name: string) => JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, "utf8"));

/** A bundle of this code for browsers, from what `npm publish` would ship, minified as Vite does it. */
async function bundle(code: string): Promise<string> {
  const entry = join(root, "entry.js");
  const bundler = await rolldown({
    input: entry,
    cwd: root,
    platform: "browser",
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? code : null),
      },
    ],
  });
  const { output } = await bundler.generate({ format: "esm", minify: true, codeSplitting: false });
  await bundler.close();
  expect(output).toHaveLength(1);
  return output[0].code;
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
    expect(printed(watch)).toEqual([]);
  });
});

describe("the entries that are published", () => {
  test("are few files, and every script that they start is there", () => {
    for (const name of libraries) {
      const dist = join(root, "packages", name, "dist");
      const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
      expect(files.length, name).toBeLessThan(24);
      for (const file of files) {
        const text = readFileSync(join(dist, file), "utf8");
        for (const [, script] of text.matchAll(/new URL\("(.+?)", import\.meta\.url\)/g))
          expect(existsSync(join(dist, dirname(file), script)), `${file} starts ${script}`).toBe(true);
      }
    }
  });

  test("have one interpreter between them: what one records, the others compile, differentiate and share out", () => {
    const program = `
      import { matmul, ones, square, sum, tensor } from "@kinship/tensor";
      import { compile } from "@kinship/tensor/compile";
      import { openThreads } from "@kinship/tensor/threads";
      import { grad } from "@kinship/autodiff";
      const threads = await openThreads(2);
      const x = tensor(Float32Array.from({ length: 256 * 256 }, (_, k) => k % 5), { shape: [256, 256] });
      const gradient = grad((w) => sum(square(matmul(x, w))));
      const compiled = compile(gradient, { threads });
      const { backend, kernels } = compiled.explain(ones([256, 256]));
      console.log(JSON.stringify({
        backend,
        shared: kernels.some(({ shares }) => shares > 1),
        same: String(compiled(ones([256, 256]))) === String(gradient(ones([256, 256]))),
      }));
      threads.close();`;
    expect(printed(program)).toEqual({ backend: "webassembly", shared: true, same: true });
  });
});

/** What a small network and its training step call. */
const operations = `
  export { add, div, matmul, mean, mul, relu, softmax, sqrt, square, sub, tanh, tensor, zerosLike } from "@kinship/tensor";
  export { valueAndGrad } from "@kinship/autodiff";`;
const compile = 'export { compile } from "@kinship/tensor/compile";';
/** A compiler of what they need. */
const compiler = `
  import { compiler } from "@kinship/tensor/compile";
  import * as routines from "@kinship/tensor/routines";
  export const compile = compiler({ routines: { exp: routines.exp, log: routines.log, tanh: routines.tanh } });`;

describe("sizes of bundles, minified and gzipped", () => {
  test.each([
    [5_600, 'export { tensor, add } from "@kinship/tensor";'],
    [37_500, 'export * from "@kinship/tensor";'],
    [38_600, compile],
    [24_800, compiler],
    [50_000, operations + compile],
    [35_900, operations + compiler],
  ])("at most %i bytes: %s", async (most, code) => {
    expect(await bundled(code)).toBeLessThanOrEqual(most);
  });
});

test("who opens no threads ships none of their code", async () => {
  expect(await bundle('export * from "@kinship/tensor/compile"')).not.toMatch(/Atomics|Worker|SharedArrayBuffer/);
  expect(await bundle('export * from "@kinship/tensor/threads"')).toMatch(/Atomics/);
});
