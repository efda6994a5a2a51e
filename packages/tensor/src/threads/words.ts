// Words in shared memory by which threads agree, as byte offsets. Words that different threads write keep to cache
// lines of their own.

/** Of one program; after these come those of its threads, thread after thread. */
export const word = {
  /** Whether a call is under way. */
  open: 0,
  /** Changes whenever there is something new: shares to take, or a call that has ended. */
  news: 4,
  /** The kernel at hand, by its number among those that are shared out, and what `done` is once all its shares are. */
  section: 8,
  end: 12,
  /** Whether the calling thread may sleep, which that of a page may not. */
  maySleep: 16,
  /** Counts the shares that are finished, through all calls, modulo 2³². */
  done: 64,
  /** Workers that sleep for news; whether the calling thread sleeps for `done`. */
  sleepers: 128,
  callerSleeps: 132,
  threads: 192,
} as const;

/**
 * Of one thread. The shares that are its own to begin with are numbered through all calls, modulo 2³²: `next` is the
 * first that nobody took, `limit` the first that is not to be taken yet, `base` the number of the kernel's first share.
 */
export const threadWord = { next: 0, limit: 4, base: 8, isInside: 12 } as const;

export const threadBytes = 64;

export const programBytes = (threads: number): number => word.threads + threads * threadBytes;

/** Of all programs that share the same workers. */
export const crewWord = {
  /** Changes whenever workers should look. */
  news: 0,
  /** Messages posted to each worker so far. */
  posted: 4,
  /** The program whose call is under way, by its number. */
  program: 8,
  /** Length of the text that follows, of the last failure; 0 for none. */
  failure: 64,
} as const;

/** Characters of a failure that are kept. */
export const failureLength = 400;
export const crewBytes = 68 + 2 * failureLength;
