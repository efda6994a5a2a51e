import type { Delimiter } from "./delimiter.js";

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const decimalComma = /^[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?$/;

/**
 * A decimal number, or the reason why the cell is none. Where semicolons separate cells, a comma is a decimal mark, as
 * spreadsheets write it in much of Europe.
 */
export function parseNumber(cell: string, delimiter: Delimiter): number | string {
  const text = cell.trim();
  if (decimal.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : `${text} is too large for a number`;
  }
  if (decimalComma.test(text)) {
    if (delimiter === ";") return Number(text.replace(",", "."));
    return `"${text}" is not a number; write the decimal mark as a point`;
  }
  if (text === "") return "it is empty; remove the row, or fill it in";
  if (/^[+-]?nan$/i.test(text)) return "it is NaN (not a number); remove the row, or fill it in";
  if (/^[+-]?inf(inity)?$/i.test(text)) return `it is infinite (${text})`;
  return `"${text}" is not a number`;
}
