/** As much of WebAssembly's binary format as the limits need: one function and one memory. */

export type Bytes = readonly number[];

/** Unsigned LEB128. */
export function unsigned(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128, for i32.const. */
export function signed(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const section = (id: number, content: Bytes): Bytes => [id, ...unsigned(content.length), ...content];
const vector = (items: readonly Bytes[]): Bytes => [...unsigned(items.length), ...items.flat()];
const name = (text: string): Bytes => vector(Array.from(text, (letter) => [letter.charCodeAt(0)]));

export const I32 = 0x7f;
export const V128 = 0x7b;

export interface Body {
  /** Types of the parameters. */
  readonly parameters: readonly number[];
  /** Runs of locals of one type. */
  readonly locals: readonly { readonly count: number; readonly type: number }[];
  readonly code: Bytes;
}

/** A module that exports `memory` and `run`; undefined where the engine lacks an instruction. */
export function instantiate({ parameters, locals, code }: Body, pages: number): Kernel | undefined {
  const body = [...vector(locals.map(({ count, type }) => [...unsigned(count), type])), ...code, 0x0b];
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([[0x60, ...vector(parameters.map((type) => [type])), 0x00]])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x00, ...unsigned(pages)]])),
    ...section(
      7,
      vector([
        [...name("memory"), 0x02, 0x00],
        [...name("run"), 0x00, 0x00],
      ]),
    ),
    ...section(10, vector([[...unsigned(body.length), ...body]])),
  ];
  const module = Uint8Array.from(bytes);
  if (!WebAssembly.validate(module)) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
  return { memory: exports.memory as WebAssembly.Memory, run: exports.run as Run };
}

export type Run = (...values: number[]) => void;

export interface Kernel {
  readonly memory: WebAssembly.Memory;
  readonly run: Run;
}

const simd = (opcode: number): Bytes => [0xfd, ...unsigned(opcode)];

export const get = (local: number): Bytes => [0x20, ...unsigned(local)];
export const set = (local: number): Bytes => [0x21, ...unsigned(local)];
export const tee = (local: number): Bytes => [0x22, ...unsigned(local)];
export const i32 = (value: number): Bytes => [0x41, ...signed(value)];
export const i32Add: Bytes = [0x6a];
export const i32LessThan: Bytes = [0x48];
/** Repeats `body` while the condition that ends it holds. */
export const loopWhile = (body: Bytes, condition: Bytes): Bytes => [
  0x03,
  0x40,
  ...body,
  ...condition,
  0x0d,
  0x00,
  0x0b,
];
/** 16-byte alignment. */
export const load = (offset: number): Bytes => [...simd(0x00), 0x04, ...unsigned(offset)];
export const store = (offset: number): Bytes => [...simd(0x0b), 0x04, ...unsigned(offset)];
export const float32x4 = {
  mul: simd(0xe6),
  add: simd(0xe4),
  /** a·b + c, rounded once or twice as the engine likes: relaxed SIMD. */
  relaxedMultiplyAdd: simd(0x105),
};
export const float64x2 = {
  mul: simd(0xf2),
  add: simd(0xf0),
  relaxedMultiplyAdd: simd(0x107),
};
