import type { Prepared } from "./family.js";
import type { Values } from "./values.js";

/** What every row needs of a library: numbers in, numbers out. T is the library's own array. */
export interface Adaptor<T> {
  from(values: Values): T;
  /** A row made of a computation whose result is one array, or several. */
  computes(run: () => T | readonly T[]): Prepared;
}

interface Habits<T> {
  from(values: Values): T;
  read(result: T): ArrayLike<number>;
  /** Libraries whose memory is not collected: letting go of a result is part of computing it. */
  free?(result: T): void;
  /** Libraries that compute later: what must be awaited before the result is there. */
  settle?(result: T): Promise<unknown>;
}

const each = <T>(result: T | readonly T[]): readonly T[] => (Array.isArray(result) ? result : [result as T]);

/**
 * An adaptor from a library's habits. A result that must be freed is freed by the next run,
 * so that the last one can still be read.
 */
export function adaptor<T extends object | number>({ from, read, free, settle }: Habits<T>): Adaptor<T> {
  const readAll = (result: unknown) => each(result as T | readonly T[]).map(read);
  return {
    from,
    computes(run) {
      if (free === undefined && settle === undefined) return { run, read: readAll };
      let last: T | readonly T[] | undefined;
      const letGo = () => {
        if (last !== undefined && free !== undefined) for (const result of each(last)) free(result);
        last = undefined;
      };
      const next = () => {
        letGo();
        last = run();
        return last;
      };
      if (settle === undefined) return { run: next, read: readAll, close: letGo };
      return {
        asynchronous: true,
        run: async () => {
          const result = next();
          for (const part of each(result)) await settle(part);
          return result;
        },
        read: readAll,
        close: letGo,
      };
    },
  };
}
