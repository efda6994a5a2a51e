import { defineConfig } from "vitest/config";

const source = (name: string, file = "index.ts") => new URL(`./packages/${name}/src/${file}`, import.meta.url).pathname;

/** Tests read the sources, so that a failure points at the line that was written. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@kinship\/tensor$/, replacement: source("tensor") },
      { find: /^@kinship\/autodiff$/, replacement: source("autodiff") },
      { find: /^@kinship\/autodiff\/testing$/, replacement: source("autodiff", "testing/index.ts") },
      {
        find: /^@kinship\/autodiff\/testing\/arbitraries$/,
        replacement: source("autodiff", "testing/arbitraries/index.ts"),
      },
      { find: /^@kinship\/autodiff\/testing\/vitest$/, replacement: source("autodiff", "testing/vitest.ts") },
      { find: /^@kinship\/mtl$/, replacement: source("mtl") },
    ],
  },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "bench/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    setupFiles: ["./test/setup.ts"],
  },
});
