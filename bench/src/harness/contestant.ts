import type { Origin } from "./peer.js";
import { type Answer, type Ask, Lost, type Reply, type Request } from "./protocol.js";

/** A process at the other end: forked, or spawned in another language. */
export interface Line {
  send(request: Request): void;
  onReply(listener: (reply: Reply) => void): void;
  /** `absent` when the process could not even be started. */
  onEnd(listener: (state: "absent" | "crashed", reason: string) => void): void;
  kill(): void;
}

/** A peer under one runtime, as the run sees it. Its process starts when first asked, and again after it was lost. */
export class Contestant {
  private line: Line | undefined;
  private nextId = 1;
  private ready: Answer | undefined;
  private known: Readonly<Record<string, string>> = {};

  constructor(
    readonly peer: string,
    readonly origin: Origin,
    /** The Node version it runs under; none for other languages. */
    readonly node: string | undefined,
    private readonly open: () => Line,
  ) {}

  /** Starts and loads, unless it is. Answers `loaded` or `absent`; an absent peer is not tried again. */
  async load(milliseconds: number): Promise<Answer> {
    if (this.ready?.type === "absent" || (this.ready !== undefined && this.line !== undefined)) return this.ready;
    this.ready = await this.exchange({ type: "load" }, milliseconds);
    if (this.ready.type === "loaded") this.known = this.ready.versions;
    else this.close();
    return this.ready;
  }

  /** Of the packages it loaded; empty before it has. */
  get versions(): Readonly<Record<string, string>> {
    return this.known;
  }

  /** Asks a loaded peer. Throws `Lost` when the process ends or is silent for too long; it is then gone. */
  ask(ask: Ask, milliseconds: number): Promise<Answer> {
    if (this.line === undefined) throw new Error(`${this.peer}: asked before it was loaded`);
    return this.exchange(ask, milliseconds);
  }

  close(): void {
    this.line?.kill();
    this.line = undefined;
  }

  private exchange(ask: Ask, milliseconds: number): Promise<Answer> {
    this.line ??= this.open();
    const line = this.line;
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const lose = (state: Lost["state"], reason: string) => {
        clearTimeout(timer);
        if (this.line === line) this.close();
        reject(new Lost(state, reason));
      };
      const timer = setTimeout(() => lose("timed out", `no answer in ${milliseconds / 1000} s`), milliseconds);
      line.onReply((reply) => {
        if (reply.id !== id) return;
        clearTimeout(timer);
        resolve(reply);
      });
      line.onEnd(lose);
      line.send({ id, ...ask });
    });
  }
}
