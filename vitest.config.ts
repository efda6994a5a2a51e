import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type Plugin, type TestProjectConfiguration } from "vitest/config";

const source = (name: string, file = "index.ts") => new URL(`./packages/${name}/src/${file}`, import.meta.url).pathname;

const dist = (file: string) => new URL(`./packages/tensor/dist/${file}`, import.meta.url).pathname;

/** Tests read the sources, so that a failure points at the line that was written. */
const resolve = {
  alias: [
    { find: /^@kinship\/tensor$/, replacement: source("tensor") },
    { find: /^@kinship\/tensor\/compile$/, replacement: source("tensor", "compile/index.ts") },
    { find: /^@kinship\/tensor\/instructions$/, replacement: source("tensor", "scalar/instructions.ts") },
    { find: /^@kinship\/tensor\/primitives$/, replacement: source("tensor", "primitives/index.ts") },
    { find: /^@kinship\/tensor\/routines$/, replacement: source("tensor", "wasm/math/routines.ts") },
    { find: /^@kinship\/tensor\/safetensors$/, replacement: source("tensor", "safetensors.ts") },
    { find: /^@kinship\/tensor\/threads$/, replacement: source("tensor", "threads/index.ts") },
    { find: /^@kinship\/tensor\/gpu$/, replacement: source("tensor", "gpu/index.ts") },
    { find: /^@kinship\/autodiff$/, replacement: source("autodiff") },
    { find: /^@kinship\/autodiff\/testing$/, replacement: source("autodiff", "testing/index.ts") },
    {
      find: /^@kinship\/autodiff\/testing\/arbitraries$/,
      replacement: source("autodiff", "testing/arbitraries/index.ts"),
    },
    { find: /^@kinship\/autodiff\/testing\/vitest$/, replacement: source("autodiff", "testing/vitest.ts") },
    { find: /^@kinship\/mtl$/, replacement: source("mtl") },
  ],
};

const chromium = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
  (path) => path !== undefined && existsSync(path),
);

/** Node runs a worker's script as it is: the built one, for it cannot read TypeScript. */
const builtWorkers: Plugin = {
  name: "built workers",
  transform: (code, id) =>
    id === source("tensor", "threads/host.ts")
      ? code.replaceAll('"./worker.js"', JSON.stringify(pathToFileURL(dist("threads/worker.js")).href))
      : undefined,
};

const node: TestProjectConfiguration = {
  resolve,
  plugins: [builtWorkers],
  test: {
    name: "node",
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "bench/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "test/browser/**"],
    setupFiles: ["./test/setup.ts"],
    // Properties run many cases, on machines that may be busy: slowness is not a failure.
    testTimeout: 60_000,
  },
};

const quiet = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Pages share memory between threads only where they are isolated from other origins. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

interface Page {
  readonly name: string;
  readonly include: string[];
  readonly exclude?: string[];
  readonly flags: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a page compares itself with: what the built tests give in a Node of their own. */
const digestsInNode = async (): Promise<unknown> => {
  const script = new URL("./test/dist/compile/bits.js", import.meta.url).href;
  const code = `import(${JSON.stringify(script)}).then((m) => m.digests()).then((d) => console.log(JSON.stringify(d)))`;
  return JSON.parse((await promisify(execFile)(process.execPath, ["--eval", code])).stdout);
};

const browser = (
  executablePath: string,
  { name, include, exclude = [], flags, headers = {} }: Page,
): TestProjectConfiguration => ({
  resolve,
  server: { headers },
  optimizeDeps: { include: ["gpu.js"] },
  test: {
    name,
    include,
    exclude,
    setupFiles: ["./test/browser/setup.ts", "./test/setup.ts"],
    testTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args: [...quiet, ...flags] } }),
      instances: [{ browser: "chromium" }],
      commands: { digestsInNode },
    },
  },
});

const webGpuTests = "test/browser/gpuWebGpu.test.ts";
const threadTests = "test/browser/threads.test.ts";
const pages: readonly Page[] = [
  {
    name: "browser",
    include: ["test/browser/**/*.test.ts", "test/laws/**/*.test.ts", "test/compile/laws.test.ts"],
    exclude: [webGpuTests, threadTests],
    flags: ["--disable-gpu"],
  },
  { name: "isolated", include: [threadTests], flags: ["--disable-gpu"], headers: isolation },
  {
    name: "webgpu",
    include: [webGpuTests],
    // WebGPU on the CPU: slow, and right.
    flags: [
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--ignore-gpu-blocklist",
    ],
  },
];

if (!chromium) console.warn("Browser tests are skipped: no Chromium found (set CHROMIUM_PATH to one, or install it).");

export default defineConfig({
  test: { projects: chromium ? [node, ...pages.map((page) => browser(chromium, page))] : [node] },
});
