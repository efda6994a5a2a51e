import { InputError } from "../errors.js";

/** An image as bytes: [height, width, channels], 0 to 255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/**
 * Grey and colour maps of the Netpbm family (http://netpbm.sourceforge.net/doc/pgm.html, ppm.html): P2 and P3 in digits,
 * P5 and P6 in bytes. Values are brought to 0…255.
 */
export function readNetpbm(bytes: Uint8Array): Pixels {
  let at = 0;
  const character = () => String.fromCharCode(bytes[at]!);
  const word = (): string => {
    for (;;) {
      while (at < bytes.length && /\s/.test(character())) at++;
      if (at >= bytes.length || character() !== "#") break;
      while (at < bytes.length && character() !== "\n") at++;
    }
    const start = at;
    while (at < bytes.length && !/\s/.test(character())) at++;
    return String.fromCharCode(...bytes.subarray(start, at));
  };
  const magic = word();
  const form = { P2: [1, false], P3: [3, false], P5: [1, true], P6: [3, true] } as const;
  if (!Object.hasOwn(form, magic))
    throw new InputError(`it begins with "${magic.slice(0, 8)}", not with P2, P3, P5 or P6`);
  const [channels, binary] = form[magic as keyof typeof form];
  const whole = (what: string): number => {
    const text = word();
    if (!/^\d+$/.test(text)) throw new InputError(`its ${what} is "${text.slice(0, 20)}", not a whole number`);
    return Number(text);
  };
  const [width, height, most] = [whole("width"), whole("height"), whole("largest value")];
  if (width < 1 || height < 1) throw new InputError(`its size is ${width} × ${height}`);
  if (most < 1 || most > 65535) throw new InputError(`its largest value is ${most}; expected 1 to 65535`);
  const count = width * height * channels;
  const wide = most > 255 ? 2 : 1;
  // One blank stands between the head and the bytes.
  const start = at + 1;
  if (binary && bytes.length < start + count * wide)
    throw new InputError(`it is cut short: ${bytes.length - start} of ${count * wide} bytes`);
  const value = (k: number): number => {
    if (!binary) return whole(`value ${k + 1} of ${count}`);
    return wide === 1 ? bytes[start + k]! : bytes[start + 2 * k]! * 256 + bytes[start + 2 * k + 1]!;
  };
  const data = Uint8Array.from({ length: count }, (_, k) => Math.round((255 * Math.min(value(k), most)) / most));
  return { width, height, channels, data };
}
