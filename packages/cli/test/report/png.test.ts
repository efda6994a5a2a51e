import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { encodePng } from "../../src/report/charts/png.js";

/** The check value of the PNG specification's CRC, computed bit by bit. */
function crc(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit += 1) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  return (remainder ^ 0xffffffff) >>> 0;
}

test("an image is what the PNG specification asks for", () => {
  const pixels = Uint8Array.from([0, 1, 2, 2, 1, 0]);
  const png = encodePng(pixels, 3, 2, [
    [255, 0, 0, 255],
    [0, 255, 0, 128],
    [0, 0, 255, 0],
  ]);
  expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const data = png.subarray(at + 8, at + 8 + length);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc(png.subarray(at + 4, at + 8 + length)));
    chunks.set(png.toString("latin1", at + 4, at + 8), data);
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
  expect([...chunks.get("IHDR")!]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 0, 0]);
  expect([...chunks.get("PLTE")!]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255]);
  expect([...chunks.get("tRNS")!]).toEqual([255, 128, 0]);
  expect([...inflateSync(chunks.get("IDAT")!)]).toEqual([0, 0, 1, 2, 0, 2, 1, 0]);
});
