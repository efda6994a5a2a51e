import { InputError } from "../errors.js";

/**
 * Reads untrusted plain data piece by piece. Every complaint names the place: `weights[3]`. Keys are looked up as own
 * properties and never written, so no key can reach a prototype.
 */
export class Reader {
  constructor(
    private readonly value: unknown,
    private readonly path: string,
  ) {}

  fail(expected: string): never {
    throw new InputError(`deserialize: ${this.path} must be ${expected}, it is ${describe(this.value)}`);
  }

  /** The fields of an object that has these keys and no other. */
  fields<Key extends string>(keys: readonly Key[]): Record<Key, Reader> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.fail("an object");
    for (const key of Object.keys(value)) {
      if (!(keys as readonly string[]).includes(key)) {
        throw new InputError(`deserialize: ${this.path} has the unknown key ${JSON.stringify(key)}`);
      }
    }
    return Object.fromEntries(
      keys.map((key) => {
        if (!Object.hasOwn(value, key)) throw new InputError(`deserialize: ${this.path} lacks the key "${key}"`);
        return [key, new Reader((value as Record<Key, unknown>)[key], `${this.path}.${key}`)];
      }),
    ) as Record<Key, Reader>;
  }

  has(key: string): boolean {
    return typeof this.value === "object" && this.value !== null && Object.hasOwn(this.value, key);
  }

  list(length?: number): Reader[] {
    if (!Array.isArray(this.value)) return this.fail("a list");
    if (length !== undefined && this.value.length !== length) return this.fail(`a list of ${length}`);
    return this.value.map((item, i) => new Reader(item, `${this.path}[${i}]`));
  }

  orNull<T>(read: (reader: Reader) => T): T | null {
    return this.value === null ? null : read(this);
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.fail("a text");
  }

  flag(): boolean {
    return typeof this.value === "boolean" ? this.value : this.fail("true or false");
  }

  /** A finite number; −0 is written as the text "-0". */
  number(): number {
    if (this.value === "-0") return -0;
    return typeof this.value === "number" && Number.isFinite(this.value) ? this.value : this.fail("a finite number");
  }

  nonNegative(): number {
    const value = this.number();
    return value >= 0 ? value : this.fail("≥ 0");
  }

  positive(): number {
    const value = this.number();
    return value > 0 ? value : this.fail("> 0");
  }

  index(below: number): number {
    const value = this.number();
    return Number.isInteger(value) && value >= 0 && value < below ? value : this.fail(`a whole number below ${below}`);
  }

  oneOf<Choice extends string>(choices: readonly Choice[]): Choice {
    const found = choices.find((choice) => choice === this.value);
    return found ?? this.fail(`one of ${choices.map((choice) => `"${choice}"`).join(", ")}`);
  }

  numbers(length?: number): Float64Array {
    return Float64Array.from(this.list(length), (item) => item.number());
  }

  /** Named numbers, texts, flags and lists of numbers. */
  options(): Record<string, number | string | boolean | number[]> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.fail("an object");
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => {
        if (key === "__proto__") return this.fail("an object without hostile keys");
        const option = new Reader(entry, `${this.path}.${key}`);
        if (Array.isArray(entry)) return [key, Array.from(option.numbers())];
        if (typeof entry === "boolean") return [key, entry];
        return [key, typeof entry === "string" && entry !== "-0" ? entry : option.number()];
      }),
    );
  }

  distinctTexts(): string[] {
    const texts = this.list().map((item) => item.text());
    return new Set(texts).size === texts.length ? texts : this.fail("a list of different texts");
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
