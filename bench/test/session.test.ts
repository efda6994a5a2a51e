import path from "node:path";
import { expect, test, vi } from "vitest";
import type { AnyPeer } from "../src/harness/peer.js";
import { runSession, type Session } from "../src/session.js";
import { doubling } from "./fakes/rows.js";

vi.setConfig({ testTimeout: 120_000 });

const session = (more: Partial<Session>): Session => ({
  peers: [
    { name: "right", origin: "script", library: "fake", packages: [], load: async () => ({}) } as never as AnyPeer,
  ],
  families: [doubling],
  choose: () => true,
  settings: { rounds: 1, milliseconds: 1, timeOut: 60_000 },
  nodes: [process.execPath],
  python: "python3",
  quick: true,
  places: { child: path.join(import.meta.dirname, "fakes", "child.js"), python: "", folder: import.meta.dirname },
  onRow: () => undefined,
  ...more,
});

test("every row is told when it is done, with all results up to then", async () => {
  const told: unknown[] = [];
  const { cases } = doubling;
  const results = await runSession(
    session({
      onRow: ({ rows }, done, count) => {
        told.push([rows.map(({ name }) => name), done, count]);
      },
    }),
  );
  const names = cases.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(1);
  expect(told).toEqual(names.map((_, k) => [names.slice(0, k + 1), k + 1, names.length]));
  expect(results.rows.map(({ entries }) => entries[0]!.outcome.state)).toEqual(names.map(() => "measured"));
});

test("a run that is ended early gives the rows that it has", async () => {
  const controller = new AbortController();
  const results = await runSession(session({ signal: controller.signal, onRow: () => controller.abort() }));
  expect(results.rows.map(({ name }) => name)).toEqual([doubling.cases[0]!.name]);
});
