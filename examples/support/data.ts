import { existsSync } from "node:fs";

/**
 * The folder of data that may not be redistributed: in the folder that KINSHIP_DATA names, or in shared/data beside the
 * checkout. Null where they are not.
 */
export function dataFolder(name: string, file: string): URL | null {
  const root = new URL(import.meta.url.includes("/dist/") ? "../../../" : "../../", import.meta.url);
  const named = process.env.KINSHIP_DATA;
  const candidates = [
    ...(named === undefined ? [] : [new URL(`file://${named.replace(/\/?$/, "/")}${name}/`)]),
    new URL(`../shared/data/${name}/`, root),
    new URL(`../../shared/data/${name}/`, root),
  ];
  return candidates.find((folder) => existsSync(new URL(file, folder))) ?? null;
}
