import { defineConfig } from "vitest/config";

const source = (name: string) => new URL(`./packages/${name}/src/index.ts`, import.meta.url).pathname;

/** Tests read the sources, so that a failure points at the line that was written. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@kinship\/tensor$/, replacement: source("tensor") },
      { find: /^@kinship\/autodiff$/, replacement: source("autodiff") },
      { find: /^@kinship\/mtl$/, replacement: source("mtl") },
    ],
  },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "bench/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    setupFiles: ["./test/setup.ts"],
  },
});
