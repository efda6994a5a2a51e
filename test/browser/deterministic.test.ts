import { expect, test } from "vitest";
import { commands } from "vitest/browser";
import { digests } from "../compile/bits.js";

declare module "vitest/browser" {
  interface BrowserCommands {
    digestsInNode: () => Promise<Record<string, string>>;
  }
}

test("deterministic programs give the same bits in a page as in Node", async () => {
  const found = await digests();
  expect(Object.keys(found)).toHaveLength(3);
  expect(found).toEqual(await commands.digestsInNode());
});
