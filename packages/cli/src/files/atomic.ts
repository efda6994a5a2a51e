import { access, constants, mkdir, open, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { describeFileError, InputError } from "../errors.js";

/** Fails early, before any work, when files could not be written to the folder later. Creates nothing. */
export async function checkWritableFolder(folder: string): Promise<void> {
  let existing = resolve(folder);
  for (;;) {
    try {
      const found = await stat(existing);
      if (!found.isDirectory()) throw new InputError(`cannot write to ${folder}: ${existing} is a file, not a folder`);
      await access(existing, constants.W_OK);
      return;
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!missing || dirname(existing) === existing) throw describeFileError(error, "write to", folder);
      existing = dirname(existing);
    }
  }
}

/**
 * Writes files so that each is there whole or not at all: everything goes to temporary names beside the targets and
 * is renamed when all of it is on the disk. On failure or abort the temporary files are removed, and so are the
 * folders that were made for them; what stood there before stays as it was.
 */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  signal?: AbortSignal,
): Promise<string[]> {
  signal?.throwIfAborted();
  const target = resolve(folder);
  const made = await mkdir(target, { recursive: true }).catch((error: unknown) => {
    throw describeFileError(error, "write to", folder);
  });
  const pending: { temporary: string; final: string }[] = [];
  try {
    for (const [name, content] of Object.entries(files)) {
      signal?.throwIfAborted();
      const final = join(target, name);
      const temporary = join(target, `.${name}.${process.pid}.part`);
      pending.push({ temporary, final });
      await writeDurably(temporary, content).catch((error: unknown) => {
        throw describeFileError(error, "write", join(folder, name));
      });
    }
    for (const { final } of pending) await refuseFolder(final);
    signal?.throwIfAborted();
    for (const { temporary, final } of pending) await rename(temporary, final);
  } catch (error) {
    for (const { temporary } of pending) await rm(temporary, { force: true });
    if (made !== undefined) await removeEmptyFolders(target, made);
    throw error;
  }
  return pending.map(({ final }) => final);
}

async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(content, "utf8");
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename onto a folder fails half-way through a set of files: look before the first one. */
async function refuseFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new InputError(`cannot write ${path}: it is a folder`);
}

async function removeEmptyFolders(from: string, upTo: string): Promise<void> {
  let folder = from;
  for (;;) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed || folder === upTo) return;
    folder = dirname(folder);
  }
}
