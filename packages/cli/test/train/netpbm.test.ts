import { describe, expect, test } from "vitest";
import { readNetpbm } from "../../src/train/netpbm.js";

const bytes = (head: string, ...values: number[]) => Uint8Array.from([...Buffer.from(head, "latin1"), ...values]);

describe("grey and colour maps", () => {
  test.each([
    ["P2, with a comment", bytes("P2 # made by hand\n2 1\n# a line\n4\n0 4\n"), [2, 1, 1], [0, 255]],
    ["P5", bytes("P5\n2 2\n255\n", 0, 10, 200, 255), [2, 2, 1], [0, 10, 200, 255]],
    // The blank after the head is one: a byte that looks like another belongs to the image.
    ["P5 whose first byte is a line feed", bytes("P5 2 1 255\n", 10, 32), [2, 1, 1], [10, 32]],
    ["P5 of 16 bits", bytes("P5 1 1 65535\n", 0x80, 0x00), [1, 1, 1], [128]],
    ["P3", bytes("P3 1 1 255 1 2 3"), [1, 1, 3], [1, 2, 3]],
    ["P6", bytes("P6 1 2 255\n", 1, 2, 3, 4, 5, 6), [1, 2, 3], [1, 2, 3, 4, 5, 6]],
  ])("%s", (_, file, [width, height, channels], values) => {
    expect(readNetpbm(file)).toEqual({ width, height, channels, data: Uint8Array.from(values) });
  });

  test.each([
    [bytes("P7 1 1 255\n", 1), 'it begins with "P7"'],
    [bytes(""), 'it begins with ""'],
    [bytes("P5 2 2 255\n", 1, 2), "it is cut short: 2 of 4 bytes"],
    [bytes("P2 2 1 255 3"), 'its value 2 of 2 is ""'],
    [bytes("P2 0 1 255"), "its size is 0 × 1"],
    [bytes("P5 -2 1 255\n"), 'its width is "-2"'],
    [bytes("P5 1 1 70000\n", 1), "its largest value is 70000"],
  ])("what is wrong with others: %#", (file, message) => {
    expect(() => readNetpbm(file)).toThrow(message);
  });
});
