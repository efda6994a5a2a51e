import { expect, test, vi } from "vitest";
import { Contestant } from "../src/harness/contestant.js";
import { type Program, programFamily } from "../src/harness/family.js";
import { measureProgram, nodeRuntime } from "../src/harness/programs.js";

vi.setConfig({ testTimeout: 120_000 });

const contestant = (name: string) =>
  new Contestant(name, "script", process.versions.node, () => {
    throw new Error("programs are no peers' processes");
  });

async function measure(sources: Record<string, string | Program>, quantity: "start" | "bundle" = "start") {
  const family = programFamily<Record<string, never>>({
    name: "printing",
    about: "prints two numbers",
    quantity,
    cases: [{ name: "12", parameters: {} }],
    tolerance: 0,
    reference: () => [1, 2],
    programs: () =>
      Object.fromEntries(
        Object.entries(sources).map(([name, source]) => [name, typeof source === "string" ? { source } : source]),
      ),
  });
  const entries = await measureProgram(
    family,
    family.cases[0]!,
    [...Object.keys(sources), "unmentioned"].map(contestant),
    () => nodeRuntime(process.execPath),
    import.meta.dirname,
    { rounds: 2, milliseconds: 1, timeOut: 20_000 },
  );
  return Object.fromEntries(entries.map(({ peer, outcome }) => [peer, outcome]));
}

test("a program is timed until it prints its answer; others are named as what they did", async () => {
  const outcomes = await measure({
    right: "console.log('hello'); console.log('[1, 2]'); setInterval(() => 0, 1000);",
    wrong: "console.log('[1, 3]');",
    silent: "",
    throwing: "throw new TypeError('cannot print');",
    missing: "import 'a-package-that-nobody-installed'; console.log('[1, 2]');",
    crashing: "process.kill(process.pid, 'SIGKILL');",
  });
  expect(Object.entries(outcomes).map(([name, { state }]) => [name, state])).toEqual([
    ["right", "measured"],
    ["wrong", "wrong"],
    ["silent", "failed"],
    ["throwing", "failed"],
    ["missing", "absent"],
    ["crashing", "crashed"],
    ["unmentioned", "none"],
  ]);
  expect(outcomes.right).toMatchObject({ summary: { samples: 2 } });
  expect(outcomes.throwing).toMatchObject({ reason: "TypeError: cannot print" });
});

test("a bundle counts what the page fetches beside its script, and what the page writes instead", async () => {
  const source = "console.log('[1, 2]');";
  const outcomes = await measure(
    {
      small: source,
      fetching: { source, assets: ["./programs.test.ts"] },
      paged: {
        source,
        page: `const words = ${JSON.stringify(import.meta.url.repeat(2))}; console.log(words, [1, 2]);`,
      },
    },
    "bundle",
  );
  const bytes = (name: string) => {
    const outcome = outcomes[name]!;
    if (outcome.state !== "measured") throw new Error(outcome.reason);
    return outcome.summary.median;
  };
  expect(bytes("small")).toBeGreaterThan(source.length);
  expect(bytes("fetching")).toBeGreaterThan(bytes("small") + 500);
  expect(bytes("paged")).toBeGreaterThan(bytes("small"));
});
