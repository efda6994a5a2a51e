/** Text that is HTML already. */
export class Markup {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type HtmlValue = string | number | Markup | readonly Markup[] | null | undefined;

/** Text as HTML: everything that came from a file passes through here. */
export const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A template whose values are escaped, unless they are {@link Markup} already; arrays are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  return new Markup(strings.reduce((text, part, index) => text + write(values[index - 1]) + part));
}

function write(value: HtmlValue): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string" || typeof value === "number") return escapeText(String(value));
  return value.map((part) => part.text).join("");
}
