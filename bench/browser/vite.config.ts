import { createRequire } from "node:module";
import { defineConfig } from "vite";

const require = createRequire(import.meta.url);
const isInstalled = (name: string): boolean => {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
};

/** Without these two a page has no shared memory, and its clock ticks in steps of 0.1 ms. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const peers = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-webgpu"];

export default defineConfig({
  root: import.meta.dirname,
  logLevel: "warn",
  build: {
    outDir: "dist",
    target: "es2022",
    // The peers are large, and are fetched when they are asked for.
    chunkSizeWarningLimit: 4096,
    // A peer that is not installed fails when it is loaded, and the page says so.
    rollupOptions: { external: peers.filter((name) => !isInstalled(name)) },
  },
  preview: { headers, port: 4173 },
});
