import { describe, expect, test, vi } from "vitest";
import { blocksOf, check, pages, promises, run } from "./documentation.js";

describe("the examples of every page run, and print what they say", () => {
  const blocks = pages().flatMap((page) => blocksOf(page));

  test("there are examples", () => expect(blocks.length).toBeGreaterThan(10));

  test("their types are right, in strict TypeScript", () => expect(check(blocks)).toBe(""));

  test.each(blocks)("$name", { timeout: 60_000 }, async (block) => {
    expect(block.info, "every block is run: there is no marker to skip one").toBe("ts");
    const quiet = vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      for (const { at, expected, found } of await run(block)) expect(found, at).toBe(expected);
    } finally {
      quiet.mockRestore();
    }
  });
});

describe("the reader of pages", () => {
  test("finds blocks of TypeScript and nothing else", () => {
    const text = "```ts\nconst a = 1;\n```\n```sh\nls\n```\ntext\n```ts no-run\nb\n```\n";
    expect(blocksOf("x.md", text)).toEqual([
      { name: "x.md:1", info: "ts", code: "const a = 1;" },
      { name: "x.md:8", info: "ts no-run", code: "b" },
    ]);
  });

  test("finds what is promised", () => {
    const { marked, expectations } = promises(
      'console.log(1 + 1); // → 2\nconsole.log("free");\nconsole.log([1]) // → [ 1\n//   ]\n',
    );
    expect(expectations).toEqual([
      { line: 1, expected: "2" },
      { line: 3, expected: "[ 1    ]" },
    ]);
    expect(marked).toContain("printed(1, 1 + 1); // → 2");
    expect(marked).toContain('console.log("free");');
  });

  test("tells a wrong type, by its block and line", () => {
    const code = 'import { tensor } from "@kinship/tensor";\n\nconst x: string = tensor(1);';
    expect(check([{ name: "test.md:1", info: "ts", code }])).toMatch(/^test\.md-1\.ts\(3,7\): error TS2322/);
  });

  test("tells a wrong promise, a line that is not reached, and an error", async () => {
    const block = (code: string) => ({ name: "test.md:1", info: "ts", code });
    expect(await run(block("const x: number = 2;\nconsole.log(x + 1); // → 4"))).toMatchObject([
      { expected: "4", found: "3" },
    ]);
    expect(
      await run({ ...block("if (Math.random() > 1)\n  console.log(1); // → 1"), name: "test.md:2" }),
    ).toMatchObject([{ found: "nothing" }]);
    await expect(run({ ...block('throw new Error("broken")'), name: "test.md:3" })).rejects.toThrow("broken");
  });
});
