import { bytesPerElement } from "../../dtype.js";
import { scalarType } from "../../scalar/evaluate.js";
import { linearizeAll, type Step } from "../../scalar/linearize.js";
import { type FunctionBuilder, i32, i32x4, interleave, type Local } from "../../wasm/assembler/index.js";
import { forRange } from "../../wasm/loops.js";
import type { Site } from "../../wasm/math/shape.js";
import type { LoopKernel, Statement } from "../kernel.js";
import { type Axes, type Axis, arraysOf, axesOf, foldsAcrossLanes } from "./axes.js";
import { type Fold, FoldEmitter, sideBySide } from "./folds.js";
import { emitInstruction, type RoutinePolicy, type Routines } from "./instructions.js";
import {
  asSingle,
  constantVector,
  double,
  type Lanes,
  loadVector,
  type Place,
  scaled,
  single,
  storeVector,
  type Vector,
} from "./lanes.js";
import { blocksOf, type Share } from "./share.js";

/** Where each buffer of the program begins in memory, in bytes. */
export type Addresses = (buffer: number) => number;

type Code = ReturnType<typeof linearizeAll>;
type Store = Statement & { readonly kind: "store" };

/** Elements added up before their total goes into the next one: keeps float32 sums accurate. */
const run = 4096;
/** Routines are written into loops of at least so many elements, and several rounds of them side by side. */
const worthInlining = 2048;

/** Writes a loop nest, or a share of it. Sizes and addresses are constants of the code. */
export function emitLoops(
  site: Site,
  kernel: LoopKernel,
  addresses: Addresses,
  routines: Routines,
  share?: Share,
): void {
  if (kernel.shape.some((size, axis) => size === 0 && !kernel.folded.includes(axis))) return;
  new LoopEmitter(site, kernel, addresses, routines).emit(share);
}

/** A loop that is open: its counter and its place among the axes. */
interface Open {
  readonly axis: Axis;
  readonly counter: Local;
}

/** Which vector of a group is worked on, how many elements it holds, and how routines are written there. */
interface At {
  readonly valid: number;
  readonly part: number;
  readonly policy: RoutinePolicy;
}

class LoopEmitter {
  readonly #lanes: Lanes;
  readonly #axes: Axes;
  readonly #bytes: readonly number[];
  /** Addresses may not wrap around, so arrays that are walked backwards start from a pointer to their base. */
  readonly #backwards: readonly boolean[];
  readonly #bases: readonly number[];
  readonly #storeNumber = new Map<Statement, number>();
  readonly #policy: RoutinePolicy;
  /** For what is computed once a row. */
  readonly #rowPolicy: RoutinePolicy;
  readonly #folds: FoldEmitter;
  /** The axis whose neighbours share a vector, and whether it is folded. */
  readonly #lane: Axis | undefined;
  readonly #laneFolded: boolean;
  /** For each fold a total for every vector of the group; one where the lanes are folded. */
  readonly #totals = new Map<number, readonly Vector[]>();
  readonly #codes = new Map<readonly Statement[], Code>();
  #open: Open[] = [];
  /** For each array the pointer at the open counters, where it has moved; arrays that move alike share it. */
  #pointers: readonly (Local | undefined)[] = [];

  constructor(
    readonly site: Site,
    readonly kernel: LoopKernel,
    addresses: Addresses,
    routines: Routines,
  ) {
    const statements = kernel.phases.flat();
    const dtypes = [...kernel.sources, ...statements].map(({ dtype }) => dtype);
    this.#lanes = dtypes.includes("float64") ? double() : single();
    this.#axes = axesOf(kernel);
    this.#backwards = arraysOf(kernel).map((stride) => stride.some((step) => step < 0));
    const stores = statements.filter((s): s is Store => s.kind === "store");
    for (const [k, store] of stores.entries()) this.#storeNumber.set(store, kernel.sources.length + k);
    const accesses = [
      ...kernel.sources.map((source) =>
        source.kind === "load" ? { ...source.access, dtype: source.dtype } : undefined,
      ),
      ...stores.map((store) => ({ ...store.access, dtype: store.dtype })),
    ];
    // The position counts elements: one "byte" each, from 0.
    this.#bytes = [...accesses.map((x) => (x ? bytesPerElement[x.dtype] : 0)), 1];
    this.#bases = [
      ...accesses.map((x) => (x ? addresses(x.buffer) + x.layout.offset * bytesPerElement[x.dtype] : 0)),
      0,
    ];
    const size = kernel.shape.reduce((total, d) => total * d, 1);
    this.#policy = { routines, inline: size >= worthInlining };
    const rows = kernel.shape.reduce((total, d, axis) => (kernel.folded.includes(axis) ? total : total * d), 1);
    this.#rowPolicy = { routines, inline: rows >= worthInlining };
    this.#folds = new FoldEmitter(site, this.#lanes, this.#policy);
    const { kept, folded } = this.#axes;
    this.#laneFolded = foldsAcrossLanes(kernel, this.#axes, this.#lanes.count);
    this.#lane = this.#laneFolded ? folded[folded.length - 1] : kept[kept.length - 1];
  }

  get #f(): FunctionBuilder {
    return this.site.f;
  }

  emit(share?: Share): void {
    const kept = this.#laneFolded ? this.#axes.kept : this.#axes.kept.slice(0, -1);
    const lanes = (axis: Axis | undefined) => {
      if (this.#laneFolded || !axis) this.#rows([1]);
      else this.#overLanes(axis, this.#parts(axis), (valid) => this.#rows(valid));
    };
    if (share && kept.length === 0) this.#overBlocks(this.#lane!, share, lanes);
    else this.#nest(kept, () => lanes(this.#lane), share);
  }

  /** How many vectors of the lanes' axis a round takes side by side. */
  #parts({ size }: Axis): number {
    if (!this.#policy.inline) return 1;
    const most = sideBySide(this.kernel.phases.flat(), this.#bytes.length - 1);
    const vectors = Math.ceil(size / this.#lanes.count);
    // A sum along another axis waits for itself in every round of it; else a few rounds have to follow each other.
    return this.#axes.folded.length > 0 ? Math.min(most, Math.max(1, vectors)) : vectors >= 2 * most ? most : 1;
  }

  /** Loops over axes, innermost last, over the outermost one or a share of it. */
  #nest(axes: readonly Axis[], body: () => void, share?: Share): void {
    const [axis, ...rest] = axes;
    if (!axis) {
      body();
      return;
    }
    const [from, to] = share ? [share.from, share.to] : [0, axis.size];
    forRange(this.#f, from, to, 1, (counter) => {
      this.#within({ axis, counter }, () => this.#nest(rest, body));
    });
  }

  /** A share of an axis cut into blocks; what is left over goes with the last one. */
  #overBlocks(axis: Axis, share: Share, body: (axis: Axis) => void): void {
    const { outer, block, rest } = blocksOf(axis, this.#axes);
    this.#nest([outer], () => body(block), share);
    this.#f.if(i32.eq(share.to, outer.size), () => this.#within({ axis: outer, counter: share.to }, () => body(rest)));
  }

  #within(open: Open, body: () => void): void {
    const [outer, pointers] = [this.#open, this.#pointers];
    this.#f.scope(() => {
      this.#open = [...outer, open];
      this.#pointers = this.#moved(pointers, open);
      body();
    });
    this.#open = outer;
    this.#pointers = pointers;
  }

  #moved(pointers: readonly (Local | undefined)[], { axis, counter }: Open): readonly (Local | undefined)[] {
    const made = new Map<string, Local>();
    return this.#bytes.map((bytes, k) => {
      const factor = axis.strides[k] * bytes;
      const start = this.#backwards[k] && !pointers[k] ? this.#bases[k] : undefined;
      if (factor === 0 && start === undefined) return pointers[k];
      const key = `${pointers[k]?.index} ${start} ${factor}`;
      let pointer = made.get(key);
      if (!pointer) {
        const before = pointers[k] ?? start;
        const step = scaled(counter, factor);
        pointer = this.#f.let(before === undefined ? step : i32.add(before, step));
        made.set(key, pointer);
      }
      return pointer;
    });
  }

  /**
   * A loop over groups of so many vectors along an axis, then once for the elements that are left. `body` is told how
   * many elements each vector of the group holds.
   */
  #overLanes(axis: Axis, parts: number, body: (valid: readonly number[]) => void): void {
    const { count } = this.#lanes;
    const step = count * parts;
    const whole = Math.floor(axis.size / step) * step;
    const counter = this.#f.local("i32");
    if (whole > 0) {
      this.#f.set(counter, 0);
      this.#f.loop((again) => {
        this.#within({ axis, counter }, () => body(new Array<number>(parts).fill(count)));
        this.#f.set(counter, i32.add(counter, step));
        if (whole > step) this.#f.branchIf(again, i32.ltSigned(counter, whole));
      });
    }
    const left = axis.size - whole;
    if (left === 0) return;
    this.#f.set(counter, whole);
    const vectors = Math.ceil(left / count);
    this.#within({ axis, counter }, () =>
      body(Array.from({ length: vectors }, (_, part) => Math.min(count, left - part * count))),
    );
  }

  /** Code for each vector of a group, side by side. */
  #together(valid: readonly number[], body: (valid: number, part: number) => void): void {
    interleave(
      this.#f,
      valid.map((lanes, part) => () => this.#f.scope(() => body(lanes, part))),
    );
  }

  /** All phases for the kept index (or, with lanes there, for vectors of `valid` indices) at hand. */
  #rows(valid: readonly number[]): void {
    for (const phase of this.kernel.phases) {
      const folds = phase.filter((s): s is Fold => s.kind === "fold");
      const full = phase.filter((s) => s.kind === "fold" || s.at === "full");
      const rows = phase.filter((s): s is Store => s.kind === "store" && s.at === "row");
      if (full.length > 0) {
        if (this.#laneFolded) this.#foldLanes(full, folds);
        else this.#foldRounds(full, folds, valid);
      }
      if (rows.length > 0) this.#together(valid, (lanes, part) => this.#statements(rows, lanes, part, undefined));
    }
  }

  /** Without folded axes, or where they have one entry, what is folded is the value itself. */
  #foldRounds(full: readonly Statement[], folds: readonly Fold[], valid: readonly number[]): void {
    const totals = new Map(folds.map((fold) => [fold.fold, valid.map(() => this.#folds.start(fold))]));
    if (this.#axes.folded.every(({ size }) => size > 0))
      this.#nest(this.#axes.folded, () => {
        this.#together(valid, (lanes, part) =>
          this.#statements(full, lanes, part, (fold, value) =>
            this.#folds.accumulate(totals.get(fold.fold)![part], value, this.#lanes.count),
          ),
        );
      });
    for (const [fold, parts] of totals)
      this.#totals.set(
        fold,
        parts.map((total) => this.#folds.value(total)),
      );
  }

  #foldLanes(full: readonly Statement[], folds: readonly Fold[]): void {
    const axis = this.#lane!;
    const most = sideBySide(folds);
    const parts = axis.size >= most * this.#lanes.count ? most : 1;
    const once = this.#axes.folded.length === 1 && (axis.size <= 2 * run || folds.length === 0);
    const results = new Map(folds.map((fold) => [fold.fold, this.#folds.start(fold)]));
    const pass = (span: Axis) => {
      const running = new Map(
        folds.map((fold) => [fold.fold, Array.from({ length: parts }, () => this.#folds.start(fold))]),
      );
      this.#overLanes(span, parts, (valid) =>
        this.#together(valid, (lanes, part) =>
          this.#statements(full, lanes, part, (fold, value) =>
            this.#folds.accumulate(running.get(fold.fold)![part], value, lanes),
          ),
        ),
      );
      for (const fold of folds) {
        const all = running.get(fold.fold)!;
        for (let width = 1; width < parts; width *= 2)
          for (let part = 0; part + width < parts; part += 2 * width) this.#folds.add(all[part], all[part + width]);
        if (once) results.set(fold.fold, all[0]);
        else this.#folds.add(results.get(fold.fold)!, all[0]);
      }
    };
    if (once) pass(axis);
    else
      this.#nest(this.#axes.folded.slice(0, -1), () => {
        if (axis.size <= 2 * run) {
          pass(axis);
          return;
        }
        // Runs of a bounded length, as an axis of their own, and what is left over.
        const runs = Math.floor(axis.size / run);
        const outer: Axis = { size: runs, strides: axis.strides.map((step) => step * run) };
        this.#nest([outer], () => pass({ size: run, strides: axis.strides }));
        const rest = axis.size - runs * run;
        if (rest > 0) {
          const counter = this.#f.let(runs);
          this.#within({ axis: outer, counter }, () => pass({ size: rest, strides: axis.strides }));
        }
      });
    for (const fold of folds)
      this.#totals.set(fold.fold, [this.#folds.value(this.#folds.across(results.get(fold.fold)!))]);
  }

  /** Computes and stores, or folds, statements at the place at hand, `part` vectors along the lanes. */
  #statements(
    group: readonly Statement[],
    valid: number,
    part: number,
    fold: ((fold: Fold, value: Vector) => void) | undefined,
  ): void {
    const { steps, results } = this.#codeOf(group);
    const vectors: Vector[] = [];
    const policy = fold ? this.#policy : this.#rowPolicy;
    for (const step of steps) vectors.push(this.#step(step, vectors, { valid, part, policy }));
    group.forEach((statement, k) => {
      const value = vectors[results[k]];
      if (statement.kind === "fold") fold!(statement, value);
      else {
        const number = this.#storeNumber.get(statement)!;
        storeVector(
          this.site,
          this.#lanes,
          statement.dtype,
          value,
          this.#place(number, part),
          this.#laneStride(number),
          valid,
        );
      }
    });
  }

  #codeOf(group: readonly Statement[]): Code {
    let code = this.#codes.get(group);
    if (!code) {
      const types = this.kernel.sources.map(({ dtype }) => scalarType(dtype));
      code = linearizeAll(
        group.map(({ value }) => value),
        types,
      );
      this.#codes.set(group, code);
    }
    return code;
  }

  #step(step: Step, vectors: readonly Vector[], { valid, part, policy }: At): Vector {
    const { site } = this;
    switch (step.kind) {
      case "constant":
        return step.type === "float"
          ? constantVector(site, this.#lanes, step.value)
          : { type: "integer", local: this.#f.let(i32x4.const(step.value)), constant: step.value };
      case "position": {
        const number = this.#bytes.length - 1;
        const { pointer, offset } = this.#place(number, part);
        const start = i32x4.splat(i32.add(pointer ?? 0, offset));
        const stride = this.#laneStride(number);
        return {
          type: "integer",
          local: this.#f.let(i32x4.add(start, i32x4.const(0, stride, 2 * stride, 3 * stride))),
        };
      }
      case "input": {
        const source = this.kernel.sources[step.index];
        if (source.kind === "folded") {
          const totals = this.#totals.get(source.fold)!;
          const total = totals[this.#laneFolded ? 0 : part];
          return source.dtype === "float32" ? asSingle(site, this.#lanes, total) : total;
        }
        return loadVector(
          site,
          this.#lanes,
          source.dtype,
          this.#place(step.index, part),
          this.#laneStride(step.index),
          valid,
        );
      }
      case "operation": {
        const operands = step.arguments.map((k) => vectors[k]);
        return emitInstruction(site, this.#lanes, step.instruction, operands, policy);
      }
    }
  }

  /** How far apart neighbouring lanes are in an array; 0 outside of the lanes' loop. */
  #laneStride(number: number): number {
    const open = this.#open.some(({ axis }) => axis.strides === this.#lane?.strides);
    return open ? this.#lane!.strides[number] : 0;
  }

  /** Where the array's element at the open counters stands. */
  #place(number: number, part: number): Place {
    const pointer = this.#pointers[number];
    const along = part * this.#lanes.count * this.#laneStride(number) * this.#bytes[number];
    if (!this.#backwards[number] || !pointer) return { pointer, offset: this.#bases[number] + along };
    return { pointer: along === 0 ? pointer : i32.add(pointer, along), offset: 0 };
  }
}
