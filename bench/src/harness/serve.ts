import type { Family } from "./family.js";
import { Host, message } from "./host.js";
import type { Peer } from "./peer.js";
import type { Answer, Reply, Request } from "./protocol.js";

/** The whole of a peer's process: answers what the parent sends, one after another, until the parent hangs up. */
export function serve(peer: Peer, families: readonly Family[]): void {
  const host = new Host(peer, families);
  let queue = Promise.resolve();
  process.on("message", (request: Request) => {
    queue = queue.then(async () => {
      const answer = await host
        .answer(request)
        .catch((error: unknown): Answer => ({ type: "failed", reason: message(error) }));
      const reply: Reply = { id: request.id, ...answer };
      process.send!(reply);
    });
  });
  process.on("disconnect", () => process.exit(0));
}
