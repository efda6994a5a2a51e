import { crc32, deflateSync } from "node:zlib";

/** A colour with its opacity: red, green, blue, alpha, each 0 to 255. */
export type Rgba = readonly [number, number, number, number];

/**
 * An indexed image as a PNG (W3C PNG, third edition: IHDR, PLTE, tRNS, IDAT, IEND). A palette with opacities lets one
 * image stand on a light and on a dark page.
 * @param pixels indices into the palette, row by row, [height × width]
 * @param palette 256 colours at most
 */
export function encodePng(pixels: Uint8Array, width: number, height: number, palette: readonly Rgba[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a pixel, indexed colour; the default compression, filter and no interlace.
  header.set([8, 3, 0, 0, 0], 8);
  const scanlines = Buffer.alloc(height * (width + 1));
  for (let row = 0; row < height; row += 1) {
    // Each line begins with its filter; 0 is none, the advice for indexed images.
    scanlines.set(pixels.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap((entry) => entry.slice(0, 3)))),
    chunk("tRNS", Buffer.from(palette.map(([, , , alpha]) => alpha))),
    chunk("IDAT", deflateSync(scanlines, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
