import { type Axes, type Axis, axesOf } from "../../compile/emit/axes.js";
import type { Buffer, LoopKernel } from "../../compile/kernel.js";
import { scalarType } from "../../scalar/evaluate.js";
import { linearize, type Step } from "../../scalar/linearize.js";
import { helperLines, written } from "../language.js";
import { type Cells, foldsOf, resultsOf, storeOf } from "../lower/cells.js";
import { infinity, literal } from "../numbers.js";
import { type Packing, readLines, resultName, threadsFor } from "../packing.js";
import { Body } from "./body.js";
import { byReach, indicesOf } from "./indices.js";
import { Positions } from "./positions.js";

/** A kernel as GPU.js takes it: source, threads, and what its parameters are. */
export interface CellSource {
  readonly source: string;
  /** The buffers that it makes, one or several; it makes a single one anew with what that held. */
  readonly outputs: readonly number[];
  /** Elements of a result. */
  readonly cells: number;
  readonly threads: number;
  /** Buffers, in the order of the parameters. */
  readonly reads: readonly number[];
  /** Whether cells that the kernel has no value for keep what the buffer held; it is the next parameter then. */
  readonly keeps: boolean;
  /** Whether infinity is the last parameter. */
  readonly infinity: boolean;
}

/** Writes the kernel for the buffer that it stores. `fresh`: the buffer holds nothing yet. */
export const cellSource = (
  cells: Cells,
  buffers: readonly Buffer[],
  { fresh, packing }: { readonly fresh: boolean; readonly packing: Packing },
): CellSource => new Writer(cells, buffers, fresh, packing).write();

/** Lines of helpers in one kernel: compilers of devices write every call out, and take minutes over more. */
const mostLines = 256;

/** Lines of helpers that a kernel's bodies call. */
function linesIn({ phases, sources }: LoopKernel): number {
  const types = sources.map(({ dtype }) => scalarType(dtype));
  const lines = phases.flat().flatMap(({ value }) => linearize(value, types).map(linesOfStep));
  return lines.reduce((total, one) => total + one, 0);
}

const linesOfStep = (step: Step): number => (step.kind === "operation" ? helperLines(step.instruction) : 0);

class Writer {
  readonly #lines: string[] = [];
  readonly #axes: Axes;
  readonly #reads: number[] = [];
  readonly #size: number;
  /** Whether some cells of the buffer are not of the nest. */
  readonly #part: boolean;
  /** The number of the buffer that is stored to, in `Axis.strides`. */
  readonly #stored: number;
  #depth = 1;

  constructor(
    private readonly cells: Cells,
    private readonly buffers: readonly Buffer[],
    private readonly fresh: boolean,
    private readonly packing: Packing,
  ) {
    this.#axes = axesOf(cells.kernel);
    this.#size = buffers[storeOf(cells.kernel).access.buffer].size;
    this.#part = this.#axes.kept.reduce((total, axis) => total * axis.size, 1) !== this.#size;
    this.#stored = cells.kernel.sources.length;
  }

  write(): CellSource {
    if (this.packing.lanes === 1) this.#writeOne();
    else if (this.#size === 1) this.#writeSingle();
    else {
      const inner = this.#sharedAxis();
      if (inner && 4 * linesIn(this.cells.kernel) <= mostLines) this.#writeTogether(inner);
      else this.#writeApart();
    }
    const text = this.#lines.join("\n");
    const keeps = this.#part && !this.fresh;
    const needsInfinity = text.includes(infinity);
    const parameters = [
      ...this.#reads.map((_, k) => `b${k}`),
      ...(keeps ? ["before"] : []),
      ...(needsInfinity ? [infinity] : []),
    ];
    return {
      source: `function(${parameters.join(", ")}) {\n${text}\n}`,
      outputs: resultsOf(this.cells.kernel),
      cells: this.#size,
      threads: threadsFor(this.#size, this.packing),
      reads: this.#reads,
      keeps,
      infinity: needsInfinity,
    };
  }

  #line(...lines: readonly string[]): void {
    for (const line of lines) this.#lines.push("  ".repeat(this.#depth) + line);
  }

  #writeOne(): void {
    this.#line("let cell = Math.floor(this.thread.x);");
    this.#line(`return ${this.#cell()};`);
  }

  #writeSingle(): void {
    this.#line("let cell = 0;");
    this.#line(`let only = ${this.#cell()};`, "return [only, 0, 0, 0];");
  }

  /** Four elements that differ in the index along one axis alone. */
  #writeTogether(inner: Axis): void {
    this.#line("let cell = Math.floor(this.thread.x) * 4;");
    const [first, ...others] = this.#values(inner, 4).values;
    others.forEach((values, k) => {
      this.#line(`let kept${k + 1} = ${resultName(k + 1)}([${values.join(", ")}]);`);
    });
    this.#line(`return [${first.join(", ")}];`);
  }

  /** Four elements, one after the other. */
  #writeApart(): void {
    const lanes = [0, 1, 2, 3];
    for (const lane of lanes) this.#line(`let result${lane} = 0;`);
    this.#line("for (let lane = 0; lane < 4; lane++) {");
    this.#depth++;
    this.#line("let element = Math.floor(lane);");
    this.#line(`let cell = Math.min(Math.floor(this.thread.x) * 4 + element, ${this.#size - 1});`);
    this.#line(`let value = ${this.#cell()};`);
    for (const lane of lanes) {
      const from = lane === 0 ? "" : `element > ${lane - 0.5} && `;
      this.#line(`if (${from}element < ${lane + 0.5}) {`, `  result${lane} = value;`, "}");
    }
    this.#depth--;
    this.#line("}", "return [result0, result1, result2, result3];");
  }

  /** The axis along which the four elements of every thread lie, where they share all other indices. */
  #sharedAxis(): Axis | undefined {
    const { kernel, guard } = this.cells;
    if (this.#part || storeOf(kernel).access.layout.offset !== 0) return undefined;
    const axes = byReach(this.#axes.kept, this.#stored);
    const inner = axes[axes.length - 1];
    if (!inner || axes.some(({ strides }) => strides[this.#stored] < 0)) return undefined;
    if (axes.length > 1 && inner.size % 4 !== 0) return undefined;
    return guard && inner.strides[guard.source] !== 0 ? undefined : inner;
  }

  /** The value of the cell, or what it keeps. */
  #cell(): string {
    if (!this.#part) return this.#values(undefined, 1).values[0][0];
    let otherwise = "0";
    if (!this.fresh) {
      this.#line(...readLines(this.packing, { name: "held", array: "before", place: "cell" }));
      otherwise = "held";
    }
    const { inside, values } = this.#values(undefined, 1);
    this.#line(`let kept = ${otherwise};`);
    this.#line(`if (${inside}) {`, `  kept = ${values[0][0]};`, "}");
    return "kept";
  }

  /** Writes what computes the values of the thread's elements, of each result; `inside`: where the one cell is of the nest. */
  #values(
    inner: Axis | undefined,
    lanes: 1 | 4,
  ): { readonly values: readonly (readonly string[])[]; readonly inside: string } {
    const { kernel } = this.cells;
    const { lines, kept, inside } = indicesOf(this.#axes.kept, this.#stored, storeOf(kernel).access.layout, this.#part);
    this.#line(...lines);
    const plain = new Positions(this.#axes, kept, inner, undefined);
    const grouped = 4 * lanes * linesIn(kernel) <= mostLines ? this.#groupedAxis(plain) : undefined;
    const positions = grouped ? new Positions(this.#axes, kept, inner, grouped) : plain;
    const body = new Body({
      kernel,
      buffers: this.buffers,
      packing: this.packing,
      lanes,
      positions,
      unread: this.cells.guard?.source,
      gather: this.cells.gather,
      clamps: this.cells.guard !== undefined && !grouped,
      parameter: (buffer) => this.#parameter(buffer),
      line: (line) => this.#line(line),
    });
    const values =
      foldsOf(kernel).length > 0
        ? this.#folds(body, positions)
        : body.write("v", { rounds: [] }, [storeOf(kernel).value]);
    return { values, inside };
  }

  /** The innermost folded axis, where four of its rounds read one texel of some array. */
  #groupedAxis(positions: Positions): Axis | undefined {
    const { kernel, guard } = this.cells;
    const axis = this.#axes.folded[this.#axes.folded.length - 1];
    if (!this.packing.texels || !axis || axis.size % 4 !== 0) return undefined;
    if (guard && !(guard.below % 4 === 0 && positions.isAligned(guard.source, 0, axis))) return undefined;
    const reads = kernel.sources.some(
      (source, k) =>
        source.kind === "load" && k !== guard?.source && positions.isAligned(k, source.access.layout.offset, axis),
    );
    return reads ? axis : undefined;
  }

  #parameter(buffer: number): string {
    let at = this.#reads.indexOf(buffer);
    if (at < 0) at = this.#reads.push(buffer) - 1;
    return `b${at}`;
  }

  #folds(body: Body, positions: Positions): readonly (readonly string[])[] {
    const { kernel, guard } = this.cells;
    const all = foldsOf(kernel);
    const { folded } = this.#axes;
    const lanes = Array.from({ length: body.lanes }, (_, lane) => lane);
    const empty = kernel.folded.some((axis) => kernel.shape[axis] === 0);
    const same = (value: string) => lanes.map(() => value);
    const identities = all.map(({ dtype, identity }) => {
      const smallest = scalarType(dtype) === "integer" ? 2 ** 31 : Number.POSITIVE_INFINITY;
      return literal(Math.max(-smallest, Math.min(smallest, identity)));
    });
    if (empty) return identities.map(same);
    // Largest and smallest values begin with the first: it is met again, and changes nothing.
    const isFinite = all.every(({ identity }) => Number.isFinite(identity));
    const bodies = all.map(({ value }) => value);
    const seeds = isFinite ? identities.map(same) : body.write("s", { rounds: [] }, bodies);
    if (folded.length === 0 && !isFinite) return seeds;
    const totals = all.map((_, k) => lanes.map((lane) => (all.length > 1 ? `total${k}l${lane}` : `total${lane}`)));
    const eachTotal = (write: (total: string, k: number, lane: number) => string) => {
      totals.forEach((own, k) => {
        own.forEach((total, lane) => {
          this.#line(write(total, k, lane));
        });
      });
    };
    eachTotal((total, k, lane) => `let ${total} = ${seeds[k][lane]};`);
    const outside = this.#depth;
    folded.forEach((axis, k) => {
      const rounds = axis === positions.grouped ? axis.size / 4 : axis.size;
      this.#line(`for (let j${k} = 0; j${k} < ${rounds}; j${k}++) {`);
      this.#depth++;
    });
    // Bounds are taken of real numbers: GLSL has none of counters and literals together.
    const rounds = folded.map((_, k) => (guard ? `f${k}` : `j${k}`));
    if (guard) {
      for (const k of rounds.keys()) this.#line(`let f${k} = Math.floor(j${k});`);
      this.#line(`if (${positions.at(guard.source, 0, { rounds })} < ${guard.below - 0.5}) {`);
      this.#depth++;
    }
    body.readTexels(rounds);
    for (let turn = 0; turn < (positions.grouped ? 4 : 1); turn++) {
      const values = body.write(positions.grouped ? `v${turn}t` : "v", { rounds, turn }, bodies);
      eachTotal((total, k, lane) => `${total} = ${written(all[k].combine, [total, values[k][lane]])};`);
    }
    while (this.#depth > outside) {
      this.#depth--;
      this.#line("}");
    }
    return totals;
  }
}
