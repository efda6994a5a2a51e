import { type Axes, type Axis, axesOf } from "../compile/emit/axes.js";
import type { Buffer } from "../compile/kernel.js";
import { scalarType } from "../scalar/evaluate.js";
import { linearize } from "../scalar/linearize.js";
import { written } from "./language.js";
import { type Cells, foldOf, storeOf } from "./lower/cells.js";
import { infinity, literal } from "./numbers.js";

/** A kernel as GPU.js takes it: source, cells, and what its parameters are. */
export interface CellSource {
  readonly source: string;
  readonly cells: number;
  /** Buffers, in the order of the parameters. */
  readonly reads: readonly number[];
  /** Whether cells that the kernel has no value for keep what the buffer held; it is the next parameter then. */
  readonly keeps: boolean;
  /** Whether infinity is the last parameter. */
  readonly infinity: boolean;
}

/** Writes the kernel: one cell of the buffer that it stores in a thread. `fresh`: the buffer holds nothing yet. */
export const cellSource = (cells: Cells, buffers: readonly Buffer[], fresh: boolean): CellSource =>
  new Writer(cells, buffers, fresh).write();

class Writer {
  readonly #lines: string[] = [];
  readonly #axes: Axes;
  readonly #reads: number[] = [];
  /** What was written for each kept axis: its index. */
  readonly #kept: { readonly axis: Axis; readonly index: string }[] = [];

  constructor(
    private readonly cells: Cells,
    private readonly buffers: readonly Buffer[],
    private readonly fresh: boolean,
  ) {
    this.#axes = axesOf(cells.kernel);
  }

  write(): CellSource {
    const { kernel } = this.cells;
    const size = this.buffers[storeOf(kernel).access.buffer].size;
    const written = this.#axes.kept.reduce((total, axis) => total * axis.size, 1);
    const part = written !== size;
    this.#line(1, "let cell = Math.floor(this.thread.x);");
    const inside = this.#decode(part);
    const result = foldOf(kernel) ? this.#fold() : this.#body(1, "v", [], storeOf(kernel).value);
    const otherwise = this.fresh ? "0" : "before[this.thread.x]";
    if (part) {
      this.#line(1, `let kept = ${otherwise};`);
      this.#line(1, `if (${inside}) {`, `  kept = ${result};`, "}");
    }
    this.#line(1, `return ${part ? "kept" : result};`);
    const text = this.#lines.join("\n");
    const keeps = part && !this.fresh;
    const needsInfinity = text.includes(infinity);
    const parameters = [
      ...this.#reads.map((_, k) => `b${k}`),
      ...(keeps ? ["before"] : []),
      ...(needsInfinity ? [infinity] : []),
    ];
    const source = `function(${parameters.join(", ")}) {\n${text}\n}`;
    return { source, cells: size, reads: this.#reads, keeps, infinity: needsInfinity };
  }

  #line(depth: number, ...lines: readonly string[]): void {
    for (const line of lines) this.#lines.push("  ".repeat(depth) + line);
  }

  /** The indices of the kept axes from the cell's position in its buffer; returns when the cell is one of the nest's. */
  #decode(part: boolean): string {
    const { kernel } = this.cells;
    const { layout } = storeOf(kernel).access;
    const number = kernel.sources.length;
    const axes = [...this.#axes.kept].sort((p, q) => Math.abs(q.strides[number]) - Math.abs(p.strides[number]));
    const backwards = axes.reduce((total, { size, strides }) => total + Math.min(0, strides[number]) * (size - 1), 0);
    const conditions: string[] = [];
    let rest = "cell";
    const first = layout.offset + backwards;
    if (first !== 0) {
      this.#line(1, `let rest = cell - ${first};`);
      conditions.push("rest > -0.5");
      rest = "rest";
    }
    axes.forEach((axis, k) => {
      const stride = Math.abs(axis.strides[number]);
      const index = `i${k}`;
      this.#line(1, `let ${index} = ${stride === 1 ? rest : `quotient(${rest}, ${stride})`};`);
      if (part) {
        conditions.push(`${index} < ${axis.size - 0.5}`);
        // Cells outside of the nest compute something all the same: of elements that are there.
        this.#line(1, `let c${k} = Math.min(Math.max(${index}, 0), ${axis.size - 1});`);
      }
      const clamped = part ? `c${k}` : index;
      if (axis.strides[number] < 0) this.#line(1, `let n${k} = ${axis.size - 1} - ${clamped};`);
      this.#kept.push({ axis, index: axis.strides[number] < 0 ? `n${k}` : clamped });
      if (stride !== 1) {
        this.#line(1, `let r${k} = ${rest} - ${index} * ${stride};`);
        rest = `r${k}`;
      } else rest = "0";
    });
    if (rest !== "0") conditions.push(`${rest} < 0.5`);
    return conditions.join(" && ");
  }

  /** Where an array's element stands: array numbers are those of `Axis.strides`. */
  #position(array: number, offset: number, rounds: readonly string[]): string {
    const terms = [
      ...this.#kept.map(({ axis, index }) => [axis.strides[array], index] as const),
      ...this.#axes.folded.map((axis, k) => [axis.strides[array], rounds[k] ?? "0"] as const),
    ].filter(([stride, index]) => stride !== 0 && index !== "0");
    const sum = terms.map(([stride, index]) => (stride === 1 ? index : `${index} * ${literal(stride)}`));
    if (offset !== 0 || sum.length === 0) sum.unshift(`${offset}`);
    return sum.join(" + ");
  }

  /** Straight-line code for a body at the indices at hand; returns the name of its value. */
  #body(depth: number, prefix: string, rounds: readonly string[], body: Parameters<typeof linearize>[0]): string {
    const { kernel, guard } = this.cells;
    const steps = linearize(
      body,
      kernel.sources.map(({ dtype }) => scalarType(dtype)),
    );
    const names: string[] = [];
    steps.forEach((step, k) => {
      const name = `${prefix}${k}`;
      if (step.kind === "constant") {
        names.push(literal(step.value));
        return;
      }
      names.push(name);
      if (step.kind === "operation") {
        const operands = step.arguments.map((a) => names[a]);
        this.#line(depth, `let ${name} = ${written(step.instruction, operands)};`);
      } else if (step.kind === "position") {
        this.#line(depth, `let ${name} = ${this.#position(kernel.sources.length + 1, 0, rounds)};`);
      } else {
        const source = kernel.sources[step.index];
        if (source.kind !== "load") throw new Error("openGpu: a fold is read before its end; please report it");
        const { buffer, layout } = source.access;
        const position = this.#position(step.index, layout.offset, rounds);
        const place = guard ? `${name}at` : position;
        if (guard) {
          // Apart from the brackets, within which literals are whole numbers to GLSL.
          const last = this.buffers[buffer].size - 1;
          this.#line(depth, `let ${place} = Math.min(Math.max(${position}, 0), ${last});`);
        }
        this.#line(depth, `let ${name} = ${this.#parameter(buffer)}[${place}];`);
      }
    });
    return names[names.length - 1];
  }

  #parameter(buffer: number): string {
    let at = this.#reads.indexOf(buffer);
    if (at < 0) at = this.#reads.push(buffer) - 1;
    return `b${at}`;
  }

  #fold(): string {
    const { kernel, guard } = this.cells;
    const fold = foldOf(kernel)!;
    const { folded } = this.#axes;
    const empty = kernel.folded.some((axis) => kernel.shape[axis] === 0);
    const smallest = scalarType(fold.dtype) === "integer" ? 2 ** 31 : Number.POSITIVE_INFINITY;
    const identity = Math.max(-smallest, Math.min(smallest, fold.identity));
    if (empty) return literal(identity);
    // Largest and smallest values begin with the first: it is met again, and changes nothing.
    const seed = Number.isFinite(fold.identity) ? literal(identity) : this.#body(1, "s", [], fold.value);
    if (folded.length === 0 && !Number.isFinite(fold.identity)) return seed;
    this.#line(1, `let total = ${seed};`);
    folded.forEach(({ size }, k) => {
      this.#line(1 + k, `for (let j${k} = 0; j${k} < ${size}; j${k}++) {`);
    });
    let depth = 1 + folded.length;
    // Bounds are taken of real numbers: GLSL has none of counters and literals together.
    const rounds = folded.map((_, k) => (guard ? `f${k}` : `j${k}`));
    if (guard) {
      for (const k of rounds.keys()) this.#line(depth, `let f${k} = Math.floor(j${k});`);
      this.#line(depth, `if (${this.#position(guard.source, 0, rounds)} < ${guard.below - 0.5}) {`);
      depth++;
    }
    const value = this.#body(depth, "v", rounds, fold.value);
    this.#line(depth, `total = ${written(fold.combine, ["total", value])};`);
    for (depth--; depth > 0; depth--) this.#line(depth, "}");
    return "total";
  }
}
