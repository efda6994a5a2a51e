// The JavaScript of the libraries: a file for each entry, and chunks for what several of them share, so that Node reads
// a few files instead of two hundred. The declarations beside them are `tsc`'s.
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** Scripts that are started by their place, and that nobody imports. */
const scripts = { tensor: [], autodiff: [], mtl: ["parallel/worker"] };

/** The files that `exports` names under whatever condition: `compile/index` of `./dist/compile/index.js`. */
const entriesOf = (exports) =>
  typeof exports === "string"
    ? [...exports.matchAll(/^\.\/dist\/(.*)\.js$/g)].map(([, entry]) => entry)
    : Object.values(exports).flatMap(entriesOf);

async function bundle(name) {
  const home = fileURLToPath(new URL(`packages/${name}/`, import.meta.url));
  const { exports } = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  const entries = [...entriesOf(exports), ...scripts[name]];
  const bundler = await rolldown({
    cwd: home,
    input: Object.fromEntries(entries.map((entry) => [entry, join("src", `${entry}.ts`)])),
    external: /^[^./]/,
    platform: "neutral",
    transform: { target: "es2022" },
  });
  const { output } = await bundler.write({
    dir: join(home, "dist"),
    chunkFileNames: "chunks/[name]-[hash].js",
    // What the bundlers of applications need to know; the prose is in the sources, which are published.
    comments: { annotation: true, legal: false, jsdoc: false },
    sourcemap: true,
    minifyInternalExports: false,
  });
  await bundler.close();
  // The names of chunks change with their text: those of builds before are left over.
  const written = new Set(output.map(({ fileName }) => join(home, "dist", fileName)));
  for (const file of await readdir(join(home, "dist"), { recursive: true })) {
    const path = join(home, "dist", file);
    if (/\.js(\.map)?$/.test(file) && !written.has(path)) await rm(path);
  }
}

await Promise.all(Object.keys(scripts).map(bundle));
