import { InputError } from "@kinship/mtl";

export { InputError };

/** What a shell learns from the way the program ended. */
export const exitCode = { ok: 0, badInput: 1, usage: 2, interrupted: 130 } as const;

/** An error of the file system, in words; anything else passes through. */
export function describeFileError(error: unknown, action: string, path: string): Error {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const reason =
    code === "ENOENT"
      ? "no such file or folder"
      : code === "EISDIR"
        ? "it is a folder"
        : code === "ENOTDIR"
          ? "a part of its path is a file, not a folder"
          : code === "EACCES" || code === "EPERM"
            ? "permission denied"
            : code === "EROFS"
              ? "the file system is read-only"
              : code === "ENOSPC"
                ? "no space left on the device"
                : undefined;
  if (reason !== undefined) return new InputError(`cannot ${action} ${path}: ${reason}`, { cause: error });
  return error instanceof Error ? error : new InputError(`cannot ${action} ${path}: ${String(error)}`);
}

/** At most `limit` names for a message, then a count of the others. */
export function listNames(names: readonly string[], limit = 6): string {
  const shown = names.slice(0, limit).join(", ");
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}

/** Runs library code on what a file held: its errors name the file instead of the function that was called. */
export function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw namingFile(path, error);
  }
}

/** `inFile` for work that takes its time. */
export async function inFileAsync<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw namingFile(path, error);
  }
}

function namingFile(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "InputError") return error;
  // What the command line itself found names its file already.
  if (error.message.startsWith(path)) return error;
  return new InputError(`${path}: ${error.message.replace(/^\w+: /, "")}`, { cause: error });
}
