// Words in shared memory by which threads agree, as byte offsets. Words that different threads write keep to cache
// lines of their own.

/**
 * Of one program. Shares are numbered through all its calls, modulo 2³²: `next` is the first that nobody took, `limit`
 * the first that is not to be taken yet, `done` counts those that are finished.
 */
export const word = {
  /** Whether a call is under way. */
  open: 0,
  /** Changes whenever there is something new: shares to take, or a call that has ended. */
  news: 4,
  limit: 8,
  /** The kernel at hand, by its number among those that are shared out, and its first share. */
  section: 12,
  base: 16,
  /** Whether the calling thread may sleep, which that of a page may not. */
  maySleep: 20,
  next: 64,
  done: 128,
  /** Workers that sleep for news; whether the calling thread sleeps for `done`. */
  sleepers: 192,
  callerSleeps: 196,
  /** Workers within the program's code. */
  helpers: 256,
} as const;

export const programBytes = 320;

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
