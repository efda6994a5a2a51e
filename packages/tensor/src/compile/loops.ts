import type { DType } from "../dtype.js";
import { contiguousStride, type Layout, sameShape } from "../layout.js";
import { type Scalar, substitute } from "../scalar/scalar.js";
import type { Load } from "./expression.js";
import type { Access, LoopKernel, Source, Statement } from "./kernel.js";

/** More arrays than this in one loop would cost more in registers than sharing saves. */
const mostArrays = 20;

/** What a kernel already computes: at each point, once a row, or as a fold of a row; and in which phase. */
interface Member {
  readonly level: "full" | "row" | "fold";
  readonly phase: number;
  /** The value where it is computed; for a fold, its number. */
  readonly scalar: Scalar;
}

/** Where a value's elements stand when a kernel reads them as it computes them. Axes of size 1 have no stride. */
function sameReading(layout: Layout, shape: readonly number[], skipped: readonly number[]): boolean {
  const kept = shape.map((size, axis) => (skipped.includes(axis) ? 1 : size));
  const stride = contiguousStride(kept);
  return (
    layout.offset === 0 &&
    shape.every((size, axis) => size === 1 || layout.stride[axis] === (kept[axis] === 1 ? 0 : stride[axis]))
  );
}

export interface NewStatement {
  readonly value: number;
  readonly scalar: Scalar;
  readonly loads: readonly Load[];
  readonly shape: readonly number[];
}

/** A loop kernel in the making: takes in statements over the same axes while no order of computation is broken. */
export class LoopBuilder {
  readonly shape: readonly number[];
  readonly #sources: Source[] = [];
  /** One node a source, so that bodies share it. */
  readonly #inputs: Scalar[] = [];
  readonly #sourceKeys = new Map<string, number>();
  readonly #phases: Statement[][] = [];
  readonly #members = new Map<number, Member>();
  readonly #names: string[] = [];
  #folded: readonly number[] | undefined;
  #folds = 0;
  #arrays = 0;

  constructor(
    shape: readonly number[],
    private readonly bufferOf: (value: number) => number,
    private readonly dtypeOf: (value: number) => DType,
  ) {
    this.shape = shape;
  }

  /** Adds the store of an elementwise value; false where it does not fit in. */
  addStore(name: string, statement: NewStatement, access: Access): boolean {
    const level = sameShape(statement.shape, this.shape) ? "full" : "row";
    const loads = level === "full" ? statement.loads : this.#alongRows(statement);
    if (!loads) return false;
    const phase = this.#phaseFor(loads, level);
    if (phase === undefined) return false;
    const scalar = this.#resolve({ ...statement, loads }, phase, level);
    const layout = level === "full" ? access.layout : this.#rowLayout(statement.shape, access.layout);
    this.#push(phase, {
      kind: "store",
      at: level,
      value: scalar,
      access: { ...access, layout },
      dtype: this.dtypeOf(statement.value),
    });
    this.#members.set(statement.value, { level, phase, scalar });
    this.#names.push(name);
    return true;
  }

  /** Adds a fold over axes, and the store of its result; false where it does not fit in. */
  addFold(
    name: string,
    statement: NewStatement,
    axes: readonly number[],
    { combine, identity }: Pick<Statement & { kind: "fold" }, "combine" | "identity">,
  ): boolean {
    if (!sameShape(statement.shape, this.shape)) return false;
    if (this.#folded && !sameShape(this.#folded, axes)) return false;
    const phase = this.#phaseFor(statement.loads, "full", axes);
    if (phase === undefined) return false;
    this.#folded = axes;
    const value = this.#resolve(statement, phase, "full");
    const fold = this.#folds++;
    const dtype = this.dtypeOf(statement.value);
    this.#push(phase, { kind: "fold", fold, value, combine, identity, dtype });
    const scalar = this.#source(`fold ${fold}`, { kind: "folded", fold, dtype });
    this.#members.set(statement.value, { level: "fold", phase, scalar });
    const kept = this.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const stride = contiguousStride(kept).map((step, axis) => (kept[axis] === 1 ? 0 : step));
    this.#push(phase, {
      kind: "store",
      at: "row",
      value: scalar,
      access: { buffer: this.bufferOf(statement.value), layout: { shape: this.shape, stride, offset: 0 } },
      dtype,
    });
    this.#names.push(name);
    return true;
  }

  finish(): LoopKernel {
    return {
      kind: "loops",
      shape: this.shape,
      folded: this.#folded ?? [],
      sources: this.#sources,
      phases: this.#phases,
      label: this.#names.join(" "),
    };
  }

  #push(phase: number, statement: Statement): void {
    while (this.#phases.length <= phase) this.#phases.push([]);
    this.#phases[phase].push(statement);
    this.#arrays++;
  }

  /** Axes of a row's value matched with the kept axes, by their sizes in order; undefined where they differ. */
  #rowAxes(shape: readonly number[]): readonly number[] | undefined {
    if (!this.#folded || this.#folded.length === 0) return undefined;
    const kept = [...this.shape.keys()].filter((axis) => !this.#folded!.includes(axis) && this.shape[axis] !== 1);
    const own = [...shape.keys()].filter((axis) => shape[axis] !== 1);
    if (own.length !== kept.length || own.some((axis, k) => shape[axis] !== this.shape[kept[k]])) return undefined;
    return shape.map((size, axis) => (size === 1 ? -1 : kept[own.indexOf(axis)]));
  }

  #rowLayout(shape: readonly number[], { stride, offset }: Layout): Layout {
    const axes = this.#rowAxes(shape)!;
    const wide = this.shape.map(() => 0);
    axes.forEach((axis, k) => {
      if (axis >= 0) wide[axis] = stride[k];
    });
    return { shape: this.shape, stride: wide, offset };
  }

  #alongRows({ shape, loads }: NewStatement): readonly Load[] | undefined {
    if (!this.#rowAxes(shape)) return undefined;
    return loads.map(({ value, layout }) => ({ value, layout: this.#rowLayout(shape, layout) }));
  }

  /** The earliest phase in which all that is loaded is there; undefined where the kernel has it too late or elsewhere. */
  #phaseFor(loads: readonly Load[], level: "full" | "row", folded = this.#folded ?? []): number | undefined {
    // A statement that reads more on its own must stand somewhere: in a loop of its own.
    if (this.#arrays > 0 && this.#arrays + loads.length > mostArrays) return undefined;
    let phase = 0;
    for (const { value, layout } of loads) {
      const member = this.#members.get(value);
      if (!member) continue;
      if (member.level === "full") {
        // Rows are computed after the loop that a full value stands in, and would need only one of its elements.
        if (level === "row" || !sameReading(layout, this.shape, [])) return undefined;
        phase = Math.max(phase, member.phase);
      } else {
        if (!sameReading(layout, this.shape, folded)) return undefined;
        phase = Math.max(phase, level === "row" ? member.phase : member.phase + 1);
      }
    }
    return phase;
  }

  /** The statement's body with the kernel's sources for inputs; what is at hand is not loaded. */
  #resolve({ scalar, loads }: NewStatement, phase: number, level: "full" | "row"): Scalar {
    const inputs = loads.map(({ value, layout }) => {
      const member = this.#members.get(value);
      const atHand = member && (member.level === "fold" || (member.level === level && member.phase === phase));
      if (atHand) return member.scalar;
      const access = { buffer: this.bufferOf(value), layout: this.#normal(layout) };
      const key = `${access.buffer} ${access.layout.stride} ${access.layout.offset} ${member ? member.phase : ""}`;
      return this.#source(key, { kind: "load", access, dtype: this.dtypeOf(value) });
    });
    return substitute(scalar, inputs);
  }

  #normal({ stride, offset }: Layout): Layout {
    return { shape: this.shape, stride: stride.map((step, axis) => (this.shape[axis] === 1 ? 0 : step)), offset };
  }

  #source(key: string, source: Source): Scalar {
    let index = this.#sourceKeys.get(key);
    if (index === undefined) {
      index = this.#sources.push(source) - 1;
      this.#sourceKeys.set(key, index);
      this.#inputs.push({ kind: "input", index });
      if (source.kind === "load") this.#arrays++;
    }
    return this.#inputs[index];
  }
}
