import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DType, type Tensor, tensor, zeros } from "../src/index.js";
import { load, save } from "../src/safetensors.js";
import { special, tensors } from "./support/arbitrary.js";

const dtypes: DType[] = ["float32", "float64", "int32", "uint8"];
const anyTensor = fc.constantFrom(...dtypes).chain((dtype) => tensors(0, 3, special, dtype));
const names = fc.oneof(
  fc.string(),
  fc.constantFrom("__proto__", "constructor", "toString", "", "a.b/c", 'ä"\\{:', "0"),
);
const files = fc.dictionary(
  names.filter((name) => name !== "__metadata__"),
  anyTensor,
  { maxKeys: 5 },
);

/** A file with this header, as text or value, before these bytes. */
function file(header: unknown, data: readonly number[] = [], length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + data.length);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  out.set(text, 8);
  out.set(data, 8 + text.length);
  return out;
}

const same = (a: Tensor, b: Tensor) => {
  expect({ shape: a.shape, dtype: a.dtype }).toEqual({ shape: b.shape, dtype: b.dtype });
  expect(new Uint8Array(a.toTypedArray().buffer)).toEqual(new Uint8Array(b.toTypedArray().buffer));
};

describe("save and load", () => {
  test("give back every name, shape, type and bit", () =>
    fc.assert(
      fc.property(files, fc.dictionary(fc.string(), fc.string()), (tensorsByName, metadata) => {
        const loaded = load(save(tensorsByName, metadata));
        expect(Object.keys(loaded.tensors).sort()).toEqual(Object.keys(tensorsByName).sort());
        for (const [name, x] of Object.entries(tensorsByName))
          same(Object.getOwnPropertyDescriptor(loaded.tensors, name)!.value, x);
        expect(Object.entries(loaded.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
    ));
  test("write the format as it is published", () => {
    const bytes = save({ b: tensor(Uint8Array.of(7)), a: tensor([1, 2]) }, { by: "us" });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: { by: "us" },
      a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      b: { dtype: "U8", shape: [1], data_offsets: [8, 9] },
    });
    expect(Array.from(bytes.subarray(8 + length))).toEqual([0, 0, 128, 63, 0, 0, 0, 64, 7]);
  });
  test("read a file at any position of a buffer, and do not share its memory", () => {
    const bytes = save({ a: tensor([1, 2]) });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const { tensors: loaded } = load(shifted.subarray(3));
    shifted.fill(0);
    expect(loaded.a.toArray()).toEqual([1, 2]);
  });
  test("refuse what cannot be saved", () => {
    expect(() => save({ __metadata__: zeros([1]) })).toThrow(
      "save: the name __metadata__ is reserved by the format; use another",
    );
    expect(() => save({ a: 3 as unknown as Tensor })).toThrow('save: expected a tensor under "a", found number');
    expect(() => save({}, { a: 3 as unknown as string })).toThrow(
      'save: expected a string as metadata "a", found number',
    );
  });
});

describe("other element types", () => {
  const one = (dtype: string, data: number[], size: number) =>
    load(file({ x: { dtype, shape: [size], data_offsets: [0, data.length] } }, data)).tensors.x;
  test("half precision is exact: normal, subnormal, infinite, −0", () => {
    const x = one("F16", [0x00, 0x3c, 0x01, 0x00, 0xff, 0x7b, 0x00, 0xfc, 0x00, 0x80, 0x01, 0x7c], 6);
    expect(x.toArray()).toEqual([1, 2 ** -24, 65504, Number.NEGATIVE_INFINITY, -0, Number.NaN]);
    expect(x.dtype).toBe("float32");
  });
  test("bfloat16, booleans and short integers are exact", () => {
    expect(one("BF16", [0x80, 0x3f, 0x40, 0xc0], 2).toArray()).toEqual([1, -3]);
    expect(one("BOOL", [1, 0], 2).dtype).toBe("uint8");
    expect(one("I8", [255, 127], 2).toArray()).toEqual([-1, 127]);
    expect(one("U16", [255, 255], 1).toArray()).toEqual([65535]);
    expect(one("I16", [255, 255], 1).toArray()).toEqual([-1]);
    expect(() => one("BOOL", [2], 1)).toThrow('"x" is BOOL, but holds more than 0 and 1');
  });
  test.each(["I64", "U32", "F8_E4M3", "constructor"])("%s is refused by name", (dtype) =>
    expect(() => one(dtype, [], 0)).toThrow(`load: "x" has dtype ${dtype}, which no tensor here holds exactly`),
  );
});

describe("hostile files", () => {
  const entry = { dtype: "U8", shape: [2], data_offsets: [0, 2] };
  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "expected at least 8 bytes, found 0"],
    [
      "a header beyond the file",
      file({}, [], 1000n),
      "the header is said to have 1000 bytes, found 2 after its length",
    ],
    [
      "a header of 2⁶⁴ − 1 bytes",
      file({}, [], 2n ** 64n - 1n),
      "the header is said to have 18446744073709551615 bytes",
    ],
    ["no JSON", file("{oops"), "the header is not JSON"],
    ["bytes that are not UTF-8", new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]), "the header is not JSON"],
    ["an array", file([]), "the header must be a JSON object"],
    ["a leading space", file(" {}"), "the header must be a JSON object that starts with {"],
    ["an entry without fields", file({ x: 3 }), '"x" must have dtype, shape and data_offsets'],
    ["null", file({ x: null }), '"x" must have dtype, shape and data_offsets'],
    ["a negative size", file({ x: { ...entry, shape: [-2] } }, [1, 2]), '"x" has the shape [-2]'],
    ["a fraction", file({ x: { ...entry, shape: [2.5] } }, [1, 2]), '"x" has the shape [2.5]'],
    ["text as a size", file({ x: { ...entry, shape: ["2"] } }, [1, 2]), '"x" has the shape ["2"]'],
    [
      "a product that overflows",
      file({ x: { ...entry, shape: [2 ** 40, 2 ** 40] } }, [1, 2]),
      '"x" has shape [1099511627776, 1099511627776] of U8',
    ],
    [
      "offsets the wrong way round",
      file({ x: { ...entry, data_offsets: [2, 0] } }, [1, 2]),
      '"x" has the data_offsets [2,0]',
    ],
    [
      "offsets beyond the file",
      file({ x: { dtype: "U8", shape: [1e9], data_offsets: [0, 1e9] } }, [1, 2]),
      "the tensors end at byte 1000000000 of 2",
    ],
    ["overlapping tensors", file({ x: entry, y: entry }, [1, 2]), '"y" starts at byte 0, expected 2'],
    ["a hole", file({ x: { ...entry, data_offsets: [1, 3] } }, [1, 2, 3]), '"x" starts at byte 1, expected 0'],
    ["bytes to spare", file({ x: entry }, [1, 2, 3]), "the tensors end at byte 2 of 3"],
    [
      "a name that stands twice",
      file(
        '{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0078":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      ),
      'the header names "x" twice',
    ],
    ["metadata that is not text", file({ __metadata__: { a: 1 } }), "__metadata__ must map names to strings"],
  ])("%s", (_, bytes, message) => expect(() => load(bytes)).toThrow(message));
  test("a tensor named __proto__ is a tensor, and no prototype", () => {
    const { tensors: loaded } = load(file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [5]));
    expect(Object.keys(loaded)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(loaded)).toBe(Object.prototype);
  });
  test("whatever bytes change, the answer is a file or an error that load wrote", () =>
    fc.assert(
      fc.property(
        files,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 3 }),
        (tensorsByName, changes, cut) => {
          const bytes = save(tensorsByName).slice();
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            const { tensors: loaded } = load(bytes.subarray(0, bytes.length - cut));
            for (const x of Object.values(loaded)) expect(x.toTypedArray().length).toBe(x.size);
          } catch (error) {
            expect(String(error)).toMatch(/^(RangeError|TypeError): load: /);
          }
        },
      ),
    ));
});
