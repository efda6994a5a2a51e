import type { Mode } from "./library.js";

/** How a device holds arrays, and what one thread computes. */
export interface Packing {
  /** Elements that a thread computes, one after another in memory. */
  readonly lanes: 1 | 4;
  /** Whether reading an array gives the four elements of a texel. */
  readonly texels: boolean;
  /** Arrays that one kernel can make. */
  readonly results: 1 | 4;
}

/** Four elements a thread share the arithmetic of indices and what is read of other arrays. */
export const packingOf: Readonly<Record<Mode, Packing>> = {
  webgl2: { lanes: 4, texels: true, results: 4 },
  webgpu: { lanes: 4, texels: false, results: 1 },
  webasm: { lanes: 1, texels: false, results: 1 },
  cpu: { lanes: 1, texels: false, results: 1 },
};

export const threadsFor = (size: number, { lanes }: Packing): number => Math.ceil(size / lanes);

/** The source of a kernel that copies `size` elements from `offset` on; `sent`: from an array that is not there yet. */
export function copySource(packing: Packing, size: number, offset: number, sent: boolean): string {
  if (packing.lanes === 1) return `function(b0) {\n  return b0[this.thread.x + ${offset}];\n}`;
  const first = `Math.floor(this.thread.x) * 4 + ${offset}`;
  if (packing.texels && !sent && offset % 4 === 0)
    return `function(b0) {\n  let texel = b0[this.thread.x + ${offset / 4}];\n  return [texel[0], texel[1], texel[2], texel[3]];\n}`;
  const lines = [`  let first = ${first};`];
  for (let lane = 0; lane < 4; lane++) {
    // What is beyond the end is nobody's, but must be read from somewhere.
    lines.push(`  let p${lane} = Math.min(first + ${lane}, ${offset + size - 1});`);
    lines.push(...readLines(packing, { name: `v${lane}`, array: "b0", place: `p${lane}`, sent }).map((l) => `  ${l}`));
  }
  return `function(b0) {\n${lines.join("\n")}\n  return [v0, v1, v2, v3];\n}`;
}

interface Read {
  readonly name: string;
  readonly array: string;
  /** A number, in a variable. */
  readonly place: string;
  /** Whether the array is an argument that is sent with the call: those are read element by element. */
  readonly sent?: boolean;
}

/** Reads one element. */
export function readLines({ texels }: Packing, { name, array, place, sent = false }: Read): readonly string[] {
  if (!texels || sent) return [`let ${name} = ${array}[${place}];`];
  return [
    `let ${name}q = Math.floor(${place} * 0.25);`,
    `let ${name}t = ${array}[${name}q];`,
    `let ${name} = ${name}t[${place} - ${name}q * 4];`,
  ];
}

/** The function that takes four elements for a kernel's result of this number; the first is what it returns. */
export const resultName = (number: number): string => `part${number}`;
