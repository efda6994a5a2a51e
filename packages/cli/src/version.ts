import { createRequire } from "node:module";

/** From the package's own manifest, so that it is written once. */
export const version: string = createRequire(import.meta.url)("../package.json").version;
