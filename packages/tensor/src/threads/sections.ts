import type { Frame } from "../compile/emit/module.js";
import { kernelName } from "../compile/emit/module.js";
import { nestShare } from "../compile/emit/share.js";
import { atomic } from "../wasm/assembler/atomics.js";
import {
  branch,
  branchTable,
  type FunctionBuilder,
  type FunctionHandle,
  i32,
  i64,
  type Label,
  type Local,
  type Operand,
  select,
} from "../wasm/assembler/index.js";
import { forRange } from "../wasm/loops.js";
import type { Split } from "./split.js";
import { threadBytes, threadWord, word } from "./words.js";

// Shares are taken, not given: each thread takes those that lie where its shares of other kernels do, whose values are in
// its caches, and then what others have left. A thread that is held up, or has not woken yet, holds nobody up but for the
// share it is at; and where no worker comes at all, the calling thread does everything. Who computes a share does not
// matter to its bits.

/**
 * Rounds of looking for news before a thread sleeps: some 200 µs, as long as it can take to wake one. Threads that slept
 * sooner, between one kernel and the next, cost a step of a small convolutional network an eighth.
 */
const patience = 100_000;

/** Nanoseconds that the calling thread sleeps before it asks whether the others are still there. */
const doubt = 1_000_000_000n;

/** Shares the kernels out: for each that is split, the function with which the calling thread begins it. */
export function emitSections(
  { threads, ...frame }: Frame & { readonly threads: number },
  splits: readonly (Split | undefined)[],
): (FunctionHandle | undefined)[] {
  const { module, control, kernels, host } = frame;
  const at = control;
  const sections = splits.flatMap((split) => (split ? [emitShares(frame, split)] : []));
  const wordsOf = (thread: Operand): Operand => i32.add(control + word.threads, i32.mul(thread, threadBytes));

  /** Takes shares and computes them as long as there are any: first those that are the thread's own. */
  const work = module.function({ name: "work", parameters: ["i32"], results: [] }, (f, thread): undefined => {
    const place = f.let(i32.add(frame.first, i32.mul(thread!, frame.own)));
    const owner = f.let(thread!);
    const owners = f.let(threads);
    const [words, next] = f.locals("i32", 2) as [Local, Local];
    f.loop((again) => {
      f.set(words, wordsOf(owner));
      f.set(next, atomic.load(words, threadWord.next));
      // Read after `next`, so that a share below it has been handed out when the exchange succeeds.
      f.if(i32.gtSigned(i32.sub(atomic.load(words, threadWord.limit), next), 0), () => {
        const mine = i32.eq(atomic.compareExchange(words, next, i32.add(next, 1), threadWord.next), next);
        f.if(mine, () => {
          // Neither word changes before this share is done.
          const share = f.let(i32.sub(next, i32.load(words, threadWord.base)));
          choose(f, sections.length, i32.load(at, word.section), (k) => f.callInto([], sections[k], share, place));
          f.let(atomic.add(at, 1, word.done));
          f.if(atomic.load(at, word.callerSleeps), () => {
            f.let(atomic.notify(at, 1, word.done));
          });
        });
        branch(f, again);
      });
      f.set(owner, i32.add(owner, 1));
      f.set(owner, select(i32.eq(owner, threads), 0, owner));
      f.set(owners, i32.sub(owners, 1));
      f.branchIf(again, owners);
    });
  });

  /** What a worker runs: it helps until the call ends. */
  module.function({ name: "help", parameters: ["i32"], results: [], exported: true }, (f, thread): undefined => {
    const known = f.local("i32");
    f.loop((again) => {
      f.set(known, atomic.load(at, word.news));
      f.callInto([], work, thread);
      f.if(atomic.load(at, word.open), () => {
        spin(f, (leave) => f.branchIf(leave, i32.ne(atomic.load(at, word.news), known)));
        f.if(i32.eq(atomic.load(at, word.news), known), () => {
          f.let(atomic.add(at, 1, word.sleepers));
          f.let(atomic.wait(at, known, i64.const(-1n), word.news));
          f.let(atomic.add(at, -1, word.sleepers));
        });
        branch(f, again);
      });
    });
  });

  /** Hands out shares of a section, helps with them, and waits until all are done. */
  const share = module.function(
    { name: "share", parameters: ["i32", "i32"], results: [] },
    (f, section, count): undefined => {
      const end = f.let(i32.add(i32.load(at, word.end), count));
      f.do(i32.store(at, section, word.section));
      f.do(i32.store(at, end, word.end));
      const first = f.let(0);
      forRange(f, 0, threads, 1, (thread) => {
        const words = f.let(wordsOf(thread));
        const limit = f.let(i32.load(words, threadWord.limit));
        const next = f.let(i32.divUnsigned(i32.mul(i32.add(thread, 1), count), threads));
        f.do(i32.store(words, i32.sub(limit, first), threadWord.base));
        f.do(atomic.store(words, i32.add(limit, i32.sub(next, first)), threadWord.limit));
        f.set(first, next);
      });
      f.let(atomic.add(at, 1, word.news));
      f.if(atomic.load(at, word.sleepers), () => {
        f.let(atomic.notify(at, -1, word.news));
      });
      f.callInto([], work, 0);
      const isDone = () => i32.eq(atomic.load(at, word.done), end);
      f.loop((again) => {
        spin(f, (leave) => f.branchIf(leave, isDone()));
        f.if(i32.eqz(isDone()), () => {
          f.if(i32.load(at, word.maySleep), () => {
            f.do(atomic.store(at, 1, word.callerSleeps));
            const done = f.let(atomic.load(at, word.done));
            f.if(i32.ne(done, end), () => {
              const woken = f.let(atomic.wait(at, done, i64.const(doubt), word.done));
              f.if(i32.eq(woken, 2), () => f.callInto([], host, kernels.length + 1));
            });
            f.do(atomic.store(at, 0, word.callerSleeps));
          });
          branch(f, again);
        });
      });
    },
  );

  let section = 0;
  return splits.map((split, k) => {
    if (!split) return undefined;
    const number = section++;
    return module.function(
      { name: kernelName(k), parameters: [], results: [], exported: frame.apart },
      (f): undefined => {
        f.callInto([], share, number, split.shares);
      },
    );
  });
}

/** Repeats a look `patience` times, or until it leaves. */
function spin(f: FunctionBuilder, look: (leave: Label) => void): void {
  f.scope(() => {
    const rounds = f.let(patience);
    f.block((leave) => {
      f.loop((again) => {
        look(leave);
        f.set(rounds, i32.sub(rounds, 1));
        f.branchIf(again, rounds);
      });
    });
  });
}

/** The function (share, place) that computes one share of a kernel. */
function emitShares({ module, emitKernel }: Frame, split: Split): FunctionHandle {
  return module.function({ name: "shares", parameters: ["i32", "i32"], results: [] }, (f, share, place): undefined => {
    const site = { module, f };
    if (split.kind === "rounds") {
      const { kernel, rounds, shares } = split;
      const rest = rounds % shares;
      // ⌊number · rounds / shares⌋, of factors that do not overflow.
      const start = (number: Operand) =>
        f.let(i32.add(i32.mul(number, (rounds - rest) / shares), i32.divUnsigned(i32.mul(number, rest), shares)));
      const from = start(share!);
      const to = start(i32.add(share!, 1));
      emitKernel(site, kernel, place, { from, to, nest: nestShare });
    } else choose(f, split.blocks.length, share, (k) => emitKernel(site, split.blocks[k], place));
  });
}

/** Writes one of several bodies, by number. */
function choose(f: FunctionBuilder, count: number, number: Operand, body: (k: number) => void): void {
  const labels: Label[] = [];
  f.block((end) => {
    const open = (depth: number): void => {
      if (depth === 0) {
        branchTable(f, labels, number);
        return;
      }
      f.block((label) => {
        labels.push(label);
        open(depth - 1);
      });
      body(count - depth);
      branch(f, end);
    };
    open(count);
  });
}
