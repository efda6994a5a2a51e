import { open } from "node:fs/promises";
import { CsvError, parse } from "csv-parse";
import { describeFileError, InputError } from "../errors.js";
import { type Delimiter, detectDelimiter } from "./delimiter.js";

export interface CsvVisitor {
  /** Called once, with the trimmed and checked names of the columns. */
  header(columns: readonly string[], delimiter: Delimiter): void;
  /** Called for each record, with as many cells as there are columns. */
  record(cells: readonly string[], line: number): void;
}

/** Enough to see the first line of any table that a person made. */
const sniffedBytes = 65_536;

/**
 * Walks through a CSV file once, without holding it: a comma, semicolon or tab separates cells (detected in the first
 * line), lines end in LF or CRLF, a byte-order mark is skipped, quoted cells may hold separators and line breaks.
 * Throws an {@link InputError} that names the file and the line for an empty file, a duplicated or empty name in the
 * header, and a line with more or fewer cells than the header. Errors of the visitor pass through.
 * @returns the number of records
 */
export async function readCsv(path: string, visitor: CsvVisitor, signal?: AbortSignal): Promise<number> {
  signal?.throwIfAborted();
  const file = await open(path, "r").catch((error: unknown) => {
    throw describeFileError(error, "read", path);
  });
  try {
    const { bytesRead, buffer } = await file
      .read(Buffer.alloc(sniffedBytes), 0, sniffedBytes, 0)
      .catch((error: unknown) => {
        throw describeFileError(error, "read", path);
      });
    refuseOtherEncodings(path, buffer.subarray(0, bytesRead));
    const delimiter = detectDelimiter(buffer.toString("utf8", 0, bytesRead).replace(/^\uFEFF/, ""));

    let columns: readonly string[] | undefined;
    let count = 0;
    let failure: unknown;
    const parser = parse({
      bom: true,
      delimiter,
      skip_empty_lines: true,
      relax_column_count: true,
      on_record: (cells: string[], { lines }) => {
        if (failure !== undefined) return undefined;
        try {
          if (columns === undefined) {
            columns = checkHeader(path, cells);
            visitor.header(columns, delimiter);
            return undefined;
          }
          if (cells.length !== columns.length) {
            throw new InputError(
              `${path}, line ${lines}: ${cells.length} cells, but the header has ${columns.length} columns ` +
                `(separator ${delimiterName[delimiter]}); is a cell missing, or a separator inside a cell not quoted?`,
            );
          }
          count += 1;
          visitor.record(cells, lines);
        } catch (error) {
          failure = error;
        }
        return undefined;
      },
    });
    for await (const chunk of file.createReadStream({ start: 0, highWaterMark: 1 << 18, autoClose: false })) {
      signal?.throwIfAborted();
      await feed(parser, chunk as Buffer);
      if (failure !== undefined) throw failure;
    }
    await finish(parser);
    if (failure !== undefined) throw failure;
    if (columns === undefined) throw new InputError(`${path} is empty: its first line must name the columns`);
    if (count === 0) throw new InputError(`${path} has a header but no rows`);
    return count;
  } catch (error) {
    if (error instanceof CsvError) throw new InputError(`${path}: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await file.close();
  }
}

const delimiterName: Readonly<Record<Delimiter, string>> = { ",": "comma", ";": "semicolon", "\t": "tab" };

type Parser = ReturnType<typeof parse>;

const feed = (parser: Parser, chunk: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    parser.once("error", reject);
    parser.write(chunk, (error) => {
      parser.off("error", reject);
      if (error) reject(error);
      else resolve();
    });
  });

const finish = (parser: Parser): Promise<void> =>
  new Promise((resolve, reject) => {
    parser.once("error", reject);
    parser.once("end", resolve);
    parser.resume();
    parser.end();
  });

function refuseOtherEncodings(path: string, start: Buffer): void {
  const mark = start.length >= 2 ? start.readUInt16BE(0) : 0;
  if (mark === 0xfffe || mark === 0xfeff) {
    throw new InputError(`${path} is encoded in UTF-16; save it as UTF-8`);
  }
  if (start.includes(0)) throw new InputError(`${path} is not a text file: it holds a zero byte`);
}

function checkHeader(path: string, cells: readonly string[]): readonly string[] {
  const columns = cells.map((cell) => cell.trim());
  const first = new Map<string, number>();
  for (const [index, name] of columns.entries()) {
    if (name === "") {
      throw new InputError(`${path}, line 1: column ${index + 1} has no name`);
    }
    const earlier = first.get(name);
    if (earlier !== undefined) {
      throw new InputError(
        `${path}, line 1: columns ${earlier + 1} and ${index + 1} are both named "${name}"; rename one`,
      );
    }
    first.set(name, index);
  }
  return columns;
}
