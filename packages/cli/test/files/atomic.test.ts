import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkWritableFolder, writeFiles } from "../../src/files/atomic.js";
import { temporaryFolder } from "../support.js";

const folder = temporaryFolder();

describe("writing files", () => {
  test("makes the folder and replaces what was there", async () => {
    const out = join(folder.path, "new", "deep");
    await writeFiles(out, { "a.txt": "one", "b.txt": "two" });
    await writeFiles(out, { "a.txt": "three" });
    expect(readdirSync(out).sort()).toEqual(["a.txt", "b.txt"]);
    expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("three");
  });

  test("a failure leaves the old files and nothing new", async () => {
    const out = join(folder.path, "kept");
    await writeFiles(out, { "a.txt": "old" });
    // The second file cannot be renamed into place: a folder has its name.
    mkdirSync(join(out, "b.txt"));
    await expect(writeFiles(out, { "a.txt": "new", "b.txt": "new" })).rejects.toThrow(/b\.txt: it is a folder/);
    expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("old");
    expect(readdirSync(out).sort()).toEqual(["a.txt", "b.txt"]);
  });

  test("a failure to write removes the folders that were made for it", async () => {
    const out = join(folder.path, "gone", "deep");
    await expect(writeFiles(out, { "no/such/folder.txt": "x" })).rejects.toThrow(
      /cannot write .*no such file or folder/,
    );
    expect(existsSync(join(folder.path, "gone"))).toBe(false);
  });

  test("an abort writes nothing", async () => {
    const out = join(folder.path, "aborted");
    await expect(writeFiles(out, { "a.txt": "x" }, AbortSignal.abort())).rejects.toThrow(/abort/);
    expect(existsSync(out)).toBe(false);
  });

  test("a folder whose path runs through a file is refused before any work", async () => {
    const file = folder.file("plain", "text");
    await expect(checkWritableFolder(join(file, "out"))).rejects.toThrow(/file, not a folder/);
    await expect(checkWritableFolder(file)).rejects.toThrow(/is a file, not a folder/);
    await expect(writeFiles(join(file, "out"), { "a.txt": "x" })).rejects.toThrow(/cannot write to/);
    expect(readFileSync(file, "utf8")).toBe("text");
  });

  test("a folder that does not exist yet is fine, and is not made by asking", async () => {
    const out = join(folder.path, "later", "still");
    await checkWritableFolder(out);
    expect(existsSync(join(folder.path, "later"))).toBe(false);
    symlinkSync(folder.path, join(folder.path, "link"));
    await checkWritableFolder(join(folder.path, "link", "out"));
  });
});
