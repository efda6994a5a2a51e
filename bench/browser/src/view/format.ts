/** Milliseconds with three digits, in the unit that suits them. */
export function time(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toPrecision(3)} s`;
  if (milliseconds >= 1) return `${Number(milliseconds.toPrecision(3))} ms`;
  return `${Number((milliseconds * 1000).toPrecision(3))} µs`;
}

/** How many times as fast. */
export const ratio = (value: number): string => `${value >= 100 ? value.toFixed(0) : value.toPrecision(2)}×`;
