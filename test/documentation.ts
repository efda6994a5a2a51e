import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format } from "node:util";
import { transform } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

export interface Block {
  /** The page and the line that the block begins on. */
  readonly name: string;
  readonly info: string;
  readonly code: string;
}

/** The pages whose examples are run: README.md of the whole and of each package, and docs. */
export function pages(): string[] {
  const readmes = ["README.md", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`)];
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return [...readmes, ...docs.map((name) => `docs/${name}`)].filter((page) => read(page) !== undefined);
}

function read(page: string): string | undefined {
  try {
    return readFileSync(join(root, page), "utf8");
  } catch {
    return undefined;
  }
}

/** The fenced blocks of TypeScript in a page. */
export function blocksOf(page: string, text = read(page) ?? ""): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; info: string; code: string[] } | undefined;
  text.split("\n").forEach((line, k) => {
    const fence = /^```(.*)$/.exec(line);
    if (!fence) open?.code.push(line);
    else if (open) {
      if (/^(ts|typescript)\b/.test(open.info))
        blocks.push({ name: `${page}:${open.line}`, info: open.info, code: open.code.join("\n") });
      open = undefined;
    } else open = { line: k + 1, info: fence[1].trim(), code: [] };
  });
  return blocks;
}

export interface Expectation {
  readonly line: number;
  readonly expected: string;
}

/**
 * What `console.log(…)   // → expected` promises. Further lines `//   …` directly below belong to it. The call is marked
 * with its line, so that calls without a promise may print what they like, as often as they like.
 */
export function promises(code: string): { marked: string; expectations: Expectation[] } {
  const expectations: Expectation[] = [];
  const lines = code.split("\n");
  const marked = lines.map((line, k) => {
    const promise = /^(\s*)console\.log\((.*)\/\/ → (.*)$/.exec(line);
    if (!promise) return line;
    const more: string[] = [];
    for (let n = k + 1; /^\s*\/\/ {2,}\S/.test(lines[n] ?? ""); n++) more.push(lines[n].replace(/^\s*\/\//, ""));
    expectations.push({ line: k + 1, expected: [promise[3], ...more].join(" ") });
    return `${promise[1]}printed(${k + 1}, ${promise[2]}// → ${promise[3]}`;
  });
  return { marked: marked.join("\n"), expectations };
}

/** What the compiler has to say of the types of these blocks, each a module of its own; it does not run them. */
export function check(blocks: readonly Block[]): string {
  const folder = join(root, "test", "dist", "documentation-types");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, code } of blocks)
    writeFileSync(join(folder, `${name.replace(/[^\w.-]+/g, "-")}.ts`), `${code}\nexport {};\n`);
  const compilerOptions = { noEmit: true, composite: false, noUnusedLocals: false, types: ["node"] };
  const config = { extends: "../../../tsconfig.base.json", compilerOptions, include: ["*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const words = [compiler, "--pretty", "false", "-p", "."];
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: "utf8" });
  return stdout + stderr;
}

const single = (text: string): string => text.replace(/\s+/g, " ").trim();

/** Runs a block as a module of its own against the sources; what was promised and what was printed. */
export async function run({ name, code }: Block): Promise<{ at: string; expected: string; found: string }[]> {
  const { marked, expectations } = promises(code);
  const key = Symbol.for(`documentation ${name}`);
  const printed = new Map<number, string[]>();
  Object.assign(globalThis, {
    [key]: (line: number, ...values: unknown[]) =>
      printed.set(line, [...(printed.get(line) ?? []), single(format(...values))]),
  });
  const header = `const printed = globalThis[Symbol.for(${JSON.stringify(`documentation ${name}`)})];\n`;
  const { code: script } = await transform(header + marked, { loader: "ts", format: "esm", target: "es2022" });
  // Within the repository, so that the packages are found.
  const folder = join(root, "test", "dist", "documentation");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name.replace(/[^\w.-]+/g, "-")}.mjs`);
  writeFileSync(file, script);
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  } finally {
    Reflect.deleteProperty(globalThis, key);
  }
  return expectations.map(({ line, expected }) => ({
    at: `${name}, line ${line} of the block`,
    expected: single(expected),
    found: printed.get(line)?.join(" | ") ?? "nothing",
  }));
}
