/** What a body's infinities are written as: an argument of the kernel, since the language has no such number. */
export const infinity = "infinity";

/** A number, as float32 has it. */
export function literal(value: number): string {
  const rounded = Math.fround(value);
  if (Number.isNaN(rounded)) return `(${infinity} - ${infinity})`;
  if (!Number.isFinite(rounded)) return rounded > 0 ? infinity : `(-${infinity})`;
  return rounded < 0 ? `(-${-rounded})` : `${rounded}`;
}

/** c[0] + c[1]·x + …, written out. */
export const horner = (coefficients: readonly number[], x: string): string =>
  coefficients.reduceRight((inner, c) => (inner === "" ? literal(c) : `(${literal(c)} + ${x} * ${inner})`), "");

/** A function of numbers that kernels can call. */
export interface Helper {
  readonly parameters: readonly string[];
  readonly body: string;
  /** Helpers that the body calls. */
  readonly uses?: readonly string[];
  /** Its parameters and body in WebGL's own language, where that is better than what GPU.js makes of the other. */
  readonly glsl?: string;
}
