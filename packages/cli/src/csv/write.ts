/** One line of CSV (RFC 4180): a cell with a separator, a quote or a line break is quoted. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(csvCell).join(",")}\n`;

const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
