import { allocate, bytesPerElement, type DType, type TypedArray } from "./dtype.js";
import { show } from "./layout.js";
import { fromData, Tensor } from "./tensor.js";

// The safetensors format: eight bytes with the length of the header (little-endian), the header as JSON, the values.
// Files come from anywhere: every number of the header is checked before any memory is asked for.

export interface TensorFile {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Strings that were saved along. */
  readonly metadata: Readonly<Record<string, string>>;
}

const codes: Readonly<Record<DType, string>> = { float32: "F32", float64: "F64", int32: "I32", uint8: "U8" };

const metadataName = "__metadata__";

/** The format's own limit for the header, 100 MB. */
const longestHeader = 100_000_000;

const lengthBytes = 8;

/** Whether this machine stores the lowest byte first, as the format does. */
const littleEndian = (): boolean => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reverses the bytes of each element in place. */
function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

const bytesOf = (data: TypedArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * Named tensors as bytes in the safetensors format, to be written to a file or sent. Strided tensors are saved in
 * row-major order; wider element types come first, so that values stand at multiples of their width.
 * @throws TypeError for anything but tensors, for the reserved name `__metadata__`.
 * @example save({ weights: tensor([[1, 2]]), bias: tensor([0]) })
 */
export function save(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = Object.entries(tensors);
  for (const [name, x] of entries) {
    if (!(x instanceof Tensor))
      throw new TypeError(`save: expected a tensor under ${JSON.stringify(name)}, found ${typeof x}`);
    if (name === metadataName)
      throw new TypeError(`save: the name ${metadataName} is reserved by the format; use another`);
  }
  for (const [name, text] of Object.entries(metadata))
    if (typeof text !== "string")
      throw new TypeError(`save: expected a string as metadata ${JSON.stringify(name)}, found ${typeof text}`);
  entries.sort(([, a], [, b]) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype]);
  let end = 0;
  const described = entries.map(([name, x]): [string, unknown] => {
    const start = end;
    end += x.size * bytesPerElement[x.dtype];
    return [name, { dtype: codes[x.dtype], shape: x.shape, data_offsets: [start, end] }];
  });
  const more = Object.keys(metadata).length > 0 ? [[metadataName, metadata] as [string, unknown]] : [];
  // `fromEntries` defines properties, so that even a tensor named __proto__ is one.
  const header = JSON.stringify(Object.fromEntries([...more, ...described]));
  const text = new TextEncoder().encode(header);
  const padded = Math.ceil(text.length / lengthBytes) * lengthBytes;
  const out = new Uint8Array(lengthBytes + padded + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.fill(0x20, lengthBytes, lengthBytes + padded);
  out.set(text, lengthBytes);
  let at = lengthBytes + padded;
  for (const [, x] of entries) {
    const bytes = bytesOf(x.toTypedArray());
    if (!littleEndian()) swapBytes(bytes, bytesPerElement[x.dtype]);
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

interface Entry {
  readonly code: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** How each element type of the format is read; those that no type here holds exactly are refused. */
const readers: Readonly<
  Record<string, { readonly dtype: DType; readonly bytes: number; read?(view: DataView, at: number): number }>
> = {
  F32: { dtype: "float32", bytes: 4 },
  F64: { dtype: "float64", bytes: 8 },
  I32: { dtype: "int32", bytes: 4 },
  U8: { dtype: "uint8", bytes: 1 },
  BOOL: { dtype: "uint8", bytes: 1 },
  I8: { dtype: "int32", bytes: 1, read: (view, at) => view.getInt8(at) },
  I16: { dtype: "int32", bytes: 2, read: (view, at) => view.getInt16(at, true) },
  U16: { dtype: "int32", bytes: 2, read: (view, at) => view.getUint16(at, true) },
  F16: { dtype: "float32", bytes: 2, read: (view, at) => fromHalf(view.getUint16(at, true)) },
  BF16: { dtype: "float32", bytes: 2, read: (view, at) => fromBrain(view.getUint16(at, true)) },
};

/** IEEE 754 binary16: 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The upper half of a float32. */
const fromBrain = (bits: number): number => new Float32Array(Uint32Array.of(bits << 16).buffer)[0];

/**
 * Reads what `save`, or any writer of the safetensors format, wrote. F32, F64, I32 and U8 keep their type; BOOL becomes
 * uint8, I8, I16 and U16 int32, F16 and BF16 float32, all exactly. The bytes are copied.
 * @throws RangeError or TypeError for bytes that do not follow the format, for other element types; nothing is read then.
 * @example load(save({ weights: tensor([[1, 2]]) }))
 */
export function load(bytes: Uint8Array): TensorFile {
  const { entries, metadata, data } = parse(bytes);
  const tensors = entries.map(([name, entry]): [string, Tensor] => [name, read(name, entry, data)]);
  return { tensors: Object.fromEntries(tensors), metadata };
}

const fail = (what: string): never => {
  throw new RangeError(`load: ${what}; the bytes are not a safetensors file, or are damaged`);
};

function parse(bytes: Uint8Array): {
  entries: [string, Entry][];
  metadata: Record<string, string>;
  data: Uint8Array;
} {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("load: expected the bytes of a file as a Uint8Array");
  if (bytes.length < lengthBytes) fail(`expected at least ${lengthBytes} bytes, found ${bytes.length}`);
  const stated = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (stated > BigInt(Math.min(longestHeader, bytes.length - lengthBytes)))
    fail(`the header is said to have ${stated} bytes, found ${bytes.length - lengthBytes} after its length`);
  const length = Number(stated);
  const header = parseHeader(bytes.subarray(lengthBytes, lengthBytes + length));
  const data = bytes.subarray(lengthBytes + length);
  const entries: [string, Entry][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of header)
    if (name === metadataName) metadata = checkMetadata(value);
    else entries.push([name, checkEntry(name, value)]);
  checkCover(entries, data.length);
  return { entries, metadata, data };
}

/** The header's members in order. `JSON.parse` keeps the last of several with one name: those are found by counting. */
function parseHeader(bytes: Uint8Array): [string, unknown][] {
  let text = "";
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new RangeError(`load: the header is not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) || text[0] !== "{")
    return fail("the header must be a JSON object that starts with {");
  const members = Object.entries(value);
  const named = memberNames(text);
  if (named.length !== members.length)
    fail(`the header names ${JSON.stringify(named.find((name, k) => named.indexOf(name) !== k))} twice`);
  return members;
}

/** The names of the outermost members of a JSON object that is known to be valid. */
function memberNames(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  // Strings are taken whole, so that braces and colons within them do not count.
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g))
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && token.endsWith(":")) names.push(JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)));
  return names;
}

function checkMetadata(value: unknown): Record<string, string> {
  const entries =
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
  if (!entries?.every((entry): entry is [string, string] => typeof entry[1] === "string"))
    return fail(`${metadataName} must map names to strings`);
  return Object.fromEntries(entries);
}

const isCount = (x: unknown): x is number => typeof x === "number" && Number.isSafeInteger(x) && x >= 0;

function checkEntry(name: string, value: unknown): Entry {
  const quoted = JSON.stringify(name);
  const { dtype: code, shape, data_offsets: offsets } = Object(value) as Record<string, unknown>;
  if (typeof code !== "string" || !Array.isArray(shape) || !Array.isArray(offsets))
    return fail(`${quoted} must have dtype, shape and data_offsets`);
  const known = Object.hasOwn(readers, code) ? readers[code] : undefined;
  if (!known)
    throw new TypeError(
      `load: ${quoted} has dtype ${code}, which no tensor here holds exactly; expected one of ${Object.keys(readers).join(", ")}: convert it before saving`,
    );
  if (!shape.every(isCount)) return fail(`${quoted} has the shape ${JSON.stringify(shape)}`);
  const [start, end] = offsets as unknown[];
  if (offsets.length !== 2 || !isCount(start) || !isCount(end) || start > end)
    return fail(`${quoted} has the data_offsets ${JSON.stringify(offsets)}`);
  // A shape with a 0 holds nothing, however large the others; else the product must stay a whole number.
  const size = shape.includes(0) ? 0 : shape.reduce((a: number, b: number) => a * b, 1);
  if (!isCount(size * known.bytes) || size * known.bytes !== end - start)
    return fail(
      `${quoted} has shape ${show(shape)} of ${code}, ${size * known.bytes} bytes, but data_offsets for ${end - start}`,
    );
  return { code, shape, start, end };
}

/** The format allows neither holes nor overlaps: one tensor's bytes end where the next one's start. */
function checkCover(entries: readonly [string, Entry][], length: number): void {
  let at = 0;
  for (const [name, { start, end }] of [...entries].sort(([, a], [, b]) => a.start - b.start || a.end - b.end)) {
    if (start !== at) fail(`${JSON.stringify(name)} starts at byte ${start}, expected ${at}`);
    at = end;
  }
  if (at !== length) fail(`the tensors end at byte ${at} of ${length}`);
}

function read(name: string, { code, shape, start, end }: Entry, data: Uint8Array): Tensor {
  const { dtype, bytes, read: element } = readers[code];
  const out = allocate(dtype, (end - start) / bytes);
  if (element) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    for (let k = 0; k < out.length; k++) out[k] = element(view, start + k * bytes);
  } else {
    bytesOf(out).set(data.subarray(start, end));
    if (!littleEndian()) swapBytes(bytesOf(out), bytes);
    if (code === "BOOL" && out.some((x) => x > 1)) fail(`${JSON.stringify(name)} is BOOL, but holds more than 0 and 1`);
  }
  return fromData(out, dtype, shape);
}
