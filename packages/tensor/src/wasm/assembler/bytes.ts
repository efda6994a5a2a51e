/** A growing byte string with the encodings a WebAssembly module is made of. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  /** How many instructions were written through `opcode`. */
  instructions = 0;

  get length(): number {
    return this.#length;
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  raw(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** LEB128, unsigned. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** LEB128, signed. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 127) | 128);
      rest >>= 7;
    }
    this.byte(rest & 127);
  }

  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.unsigned(encoded.length);
    this.raw(encoded);
  }

  /** An instruction: codes above 255 are written 0xPPSSSS, prefix byte and subcode. */
  opcode(code: number): void {
    this.instructions++;
    if (code < 256) this.byte(code);
    else {
      this.byte(code >>> 16);
      this.unsigned(code & 0xffff);
    }
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}

/** The code of a function. */
export class CodeWriter extends ByteWriter {
  readonly #localOf: (vector: Uint8Array) => number;

  /** `localOf`: the number of the local that holds this vector from the function's beginning on. */
  constructor(localOf: (vector: Uint8Array) => number) {
    super();
    this.#localOf = localOf;
  }

  /** A vector that is constant: one that takes engines several instructions to make is made once for the function. */
  vector(bytes: Uint8Array): void {
    if (bytes.every((byte) => byte === bytes[0] && (byte === 0 || byte === 255))) {
      this.opcode(vectorConstant);
      this.raw(bytes);
    } else {
      this.opcode(0x20);
      this.unsigned(this.#localOf(bytes));
    }
  }
}

export const vectorConstant = 0xfd000c;

/** A section of a module: its number, its length in bytes, its content. */
export function section(writer: ByteWriter, id: number, write: (content: ByteWriter) => void): void {
  const content = new ByteWriter();
  write(content);
  writer.byte(id);
  writer.unsigned(content.length);
  writer.raw(content.finish());
}
