import { describe, expect, test } from "vitest";
import { detectDelimiter } from "../../src/csv/delimiter.js";
import { readCsv } from "../../src/csv/read.js";
import { temporaryFolder } from "../support.js";

const folder = temporaryFolder();

async function rows(
  text: string | Uint8Array,
): Promise<{ header: readonly string[]; cells: string[][]; lines: number[] }> {
  const cells: string[][] = [];
  const lines: number[] = [];
  let header: readonly string[] = [];
  await readCsv(folder.file("data.csv", text), {
    header: (columns) => {
      header = columns;
    },
    record: (record, line) => {
      cells.push([...record]);
      lines.push(line);
    },
  });
  return { header, cells, lines };
}

describe("reading CSV", () => {
  test.each([
    ["commas", "a,b\n1,2\n3,4\n"],
    ["a byte-order mark", "\uFEFFa,b\n1,2\n3,4\n"],
    ["CRLF", "a,b\r\n1,2\r\n3,4\r\n"],
    ["no last line end", "a,b\n1,2\n3,4"],
    ["semicolons", "a;b\n1;2\n3;4\n"],
    ["tabs", "a\tb\n1\t2\n3\t4\n"],
    ["blank lines", "a,b\n\n1,2\n\n3,4\n\n"],
    ["quotes", '"a","b"\n"1","2"\n"3","4"\n'],
    ["spaces around names", " a , b \n1,2\n3,4\n"],
  ])("understands %s", async (_, text) => {
    const { header, cells } = await rows(text);
    expect(header).toEqual(["a", "b"]);
    expect(cells).toEqual([
      ["1", "2"],
      ["3", "4"],
    ]);
  });

  test("keeps separators, quotes and line breaks inside quotes, and counts lines all the same", async () => {
    const { cells, lines } = await rows('a,b\n"x, ""y""\nz",2\n3,4\n');
    expect(cells).toEqual([
      ['x, "y"\nz', "2"],
      ["3", "4"],
    ]);
    expect(lines).toEqual([3, 4]);
  });

  test("reads records that lie across the pieces in which a file arrives", async () => {
    const count = 50_000;
    const text = `name,value\n${Array.from({ length: count }, (_, row) => `tâsk ${row},${row}`).join("\n")}`;
    const { cells, lines } = await rows(text);
    expect(cells).toHaveLength(count);
    expect(cells.every(([name, value], row) => name === `tâsk ${row}` && value === `${row}`)).toBe(true);
    expect(lines.at(-1)).toBe(count + 1);
  });

  test.each([
    ["an empty file", "", /is empty/],
    ["blank lines only", "\n\n", /is empty/],
    ["a header only", "a,b\n", /has a header but no rows/],
    ["a duplicated header", "a,b,a\n1,2,3\n", /line 1: columns 1 and 3 are both named "a"/],
    ["a column without a name", "a,,c\n1,2,3\n", /line 1: column 2 has no name/],
    ["a short line", "a,b\n1,2\n3\n", /line 3: 1 cells, but the header has 2 columns/],
    ["a long line", "a,b\n1,2\n3,4,5\n", /line 3: 3 cells, but the header has 2 columns/],
    ["a quote that never closes", 'a,b\n1,"2\n3,4\n', /[Qq]uote/],
    ["a binary file", new Uint8Array([1, 0, 2, 0]), /not a text file/],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x61, 0x00]), /UTF-16; save it as UTF-8/],
  ])("refuses %s and names the file", async (_, text, message) => {
    const error = await rows(text).catch((caught: Error) => caught);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).name).toBe("InputError");
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain("data.csv");
  });

  test("refuses a file that does not exist and a folder", async () => {
    const visitor = { header: () => undefined, record: () => undefined };
    await expect(readCsv(`${folder.path}/none.csv`, visitor)).rejects.toThrow(/cannot read .*none\.csv: no such file/);
    await expect(readCsv(folder.path, visitor)).rejects.toThrow(/it is a folder/);
  });

  test("stops when it is aborted", async () => {
    const controller = new AbortController();
    const path = folder.file("abort.csv", "a\n".repeat(10));
    const reading = readCsv(path, { header: () => controller.abort(), record: () => undefined }, controller.signal);
    // The whole file fits one piece, so this abort may come too late for this file; the next must not start.
    await reading.catch(() => undefined);
    const visitor = { header: () => undefined, record: () => undefined };
    await expect(readCsv(path, visitor, controller.signal)).rejects.toBe(controller.signal.reason);
  });
});

test("separators inside quotes do not count", () => {
  expect(detectDelimiter('"a,b,c,d";e\n1;2')).toBe(";");
  expect(detectDelimiter("one column\n1")).toBe(",");
  expect(detectDelimiter("\n\na;b\n")).toBe(";");
});
