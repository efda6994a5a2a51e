import { bytesPerElement, type DType } from "../../dtype.js";
import { scalarType } from "../../scalar/evaluate.js";
import { linearizeAll, type Step } from "../../scalar/linearize.js";
import type { Scalar } from "../../scalar/scalar.js";
import {
  type FunctionBuilder,
  i32,
  i32x4,
  type Local,
  shuffle32,
  shuffle64,
  v128,
} from "../../wasm/assembler/index.js";
import { forRange } from "../../wasm/loops.js";
import type { Site } from "../../wasm/math/shape.js";
import type { LoopKernel, Statement } from "../kernel.js";
import { type Axes, type Axis, arraysOf, axesOf, foldsAcrossLanes } from "./axes.js";
import { emitInstruction, type RoutinePolicy } from "./instructions.js";
import {
  asFloat,
  asInteger,
  asSingle,
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

type Fold = Statement & { readonly kind: "fold" };
type Store = Statement & { readonly kind: "store" };

/** Running totals kept beside each other, so that one addition need not wait for the one before. */
const totals = 4;
/** Elements added up before their total goes into the next one: keeps float32 sums accurate. */
const run = 4096;
/** Routines are written into loops of at least so many elements. */
const worthInlining = 2048;

/** Writes a loop nest, or a share of it. Sizes and addresses are constants of the code. */
export function emitLoops(site: Site, kernel: LoopKernel, addresses: Addresses, share?: Share): void {
  if (kernel.shape.some((size, axis) => size === 0 && !kernel.folded.includes(axis))) return;
  new LoopEmitter(site, kernel, addresses).emit(share);
}

/** A loop that is open: its counter and its place among the axes. */
interface Open {
  readonly axis: Axis;
  readonly counter: Local;
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
  /** The axis whose neighbours share a vector, and whether it is folded. */
  readonly #lane: Axis | undefined;
  readonly #laneFolded: boolean;
  readonly #totals = new Map<number, Vector>();
  #open: Open[] = [];
  /** For each array the pointer at the open counters, where it has moved; arrays that move alike share it. */
  #pointers: readonly (Local | undefined)[] = [];

  constructor(
    readonly site: Site,
    readonly kernel: LoopKernel,
    addresses: Addresses,
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
    this.#policy = { inline: size >= worthInlining };
    const { kept, folded } = this.#axes;
    this.#laneFolded = foldsAcrossLanes(this.#axes, this.#lanes.count);
    this.#lane = this.#laneFolded ? folded[folded.length - 1] : kept[kept.length - 1];
  }

  get #f(): FunctionBuilder {
    return this.site.f;
  }

  emit(share?: Share): void {
    const kept = this.#laneFolded ? this.#axes.kept : this.#axes.kept.slice(0, -1);
    const lanes = (axis: Axis | undefined) => {
      if (this.#laneFolded || !axis) this.#rows(1);
      else this.#overLanes(axis, (valid) => this.#rows(valid));
    };
    if (share && kept.length === 0) this.#overBlocks(this.#lane!, share, lanes);
    else this.#nest(kept, () => lanes(this.#lane), share);
  }

  /** Loops over axes, innermost last, over the outermost one or a share of it. */
  #nest(axes: readonly Axis[], body: () => void, share?: Share): void {
    const [axis, ...rest] = axes;
    if (!axis) {
      body();
      return;
    }
    const [from, to] = share ? [share.from, share.to] : [i32.const(0), i32.const(axis.size)];
    forRange(this.#f, from, to, i32.const(1), (counter) => {
      this.#within({ axis, counter }, () => this.#nest(rest, body));
    });
  }

  /** A share of an axis cut into blocks; what is left over goes with the last one. */
  #overBlocks(axis: Axis, share: Share, body: (axis: Axis) => void): void {
    const { outer, block, rest } = blocksOf(axis, this.#axes);
    this.#nest([outer], () => body(block), share);
    this.#f.if(i32.eq(share.to, i32.const(outer.size)), () =>
      this.#within({ axis: outer, counter: share.to }, () => body(rest)),
    );
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
        const before = pointers[k] ?? (start === undefined ? undefined : i32.const(start));
        const step = scaled(counter, factor);
        pointer = this.#f.let(before ? i32.add(before, step) : step);
        made.set(key, pointer);
      }
      return pointer;
    });
  }

  /** A loop over whole vectors along an axis, then once for the elements that are left. */
  #overLanes(axis: Axis, body: (valid: number, part: number) => void, parts = 1): void {
    const { count } = this.#lanes;
    const step = count * parts;
    const whole = Math.floor(axis.size / step) * step;
    const counter = this.#f.local("i32");
    if (whole > 0) {
      this.#f.set(counter, i32.const(0));
      this.#f.loop((again) => {
        this.#within({ axis, counter }, () => {
          for (let part = 0; part < parts; part++) this.#f.scope(() => body(count, part));
        });
        this.#f.set(counter, i32.add(counter, i32.const(step)));
        if (whole > step) this.#f.branchIf(again, i32.ltSigned(counter, i32.const(whole)));
      });
    }
    let left = axis.size - whole;
    for (let part = 0; left > 0; part++, left -= count) {
      this.#f.set(counter, i32.const(whole + part * count));
      this.#within({ axis, counter }, () => body(Math.min(left, count), 0));
    }
  }

  /** All phases for the kept index (or, with lanes there, the `valid` indices) at hand. */
  #rows(valid: number): void {
    for (const phase of this.kernel.phases) {
      const folds = phase.filter((s): s is Fold => s.kind === "fold");
      const full = phase.filter((s) => s.kind === "fold" || s.at === "full");
      const rows = phase.filter((s): s is Store => s.kind === "store" && s.at === "row");
      if (full.length > 0) {
        if (this.#axes.folded.length === 0) this.#rowOfOne(full, folds, valid);
        else if (this.#laneFolded) this.#foldLanes(full, folds);
        else this.#foldRounds(full, folds, valid);
      }
      if (rows.length > 0) this.#f.scope(() => this.#statements(rows, valid, 0, undefined));
    }
  }

  /** Folded axes of size 1 or none: what is folded is the value itself. */
  #rowOfOne(full: readonly Statement[], folds: readonly Fold[], valid: number): void {
    for (const fold of folds) this.#totals.set(fold.fold, this.#identity(fold));
    this.#statements(full, valid, 0, (fold, value) => this.#accumulate(this.#totals.get(fold.fold)!, fold, value));
  }

  #foldRounds(full: readonly Statement[], folds: readonly Fold[], valid: number): void {
    for (const fold of folds) this.#totals.set(fold.fold, this.#identity(fold));
    if (this.#axes.folded.some(({ size }) => size === 0)) return;
    this.#nest(this.#axes.folded, () => {
      this.#statements(full, valid, 0, (fold, value) => this.#accumulate(this.#totals.get(fold.fold)!, fold, value));
    });
  }

  #foldLanes(full: readonly Statement[], folds: readonly Fold[]): void {
    const axis = this.#lane!;
    const parts = axis.size >= totals * this.#lanes.count * 2 ? totals : 1;
    const results = new Map(folds.map((fold) => [fold.fold, this.#identity(fold)]));
    const pass = (span: Axis) => {
      const running = new Map(
        folds.map((fold) => [fold.fold, Array.from({ length: parts }, () => this.#identity(fold))]),
      );
      this.#overLanes(
        span,
        (valid, part) =>
          this.#statements(full, valid, part * this.#lanes.count, (fold, value) =>
            this.#accumulate(running.get(fold.fold)![part], fold, this.#masked(fold, value, valid)),
          ),
        parts,
      );
      for (const fold of folds)
        for (const part of running.get(fold.fold)!) this.#accumulate(results.get(fold.fold)!, fold, part);
    };
    this.#nest(this.#axes.folded.slice(0, -1), () => {
      if (axis.size <= 2 * run || folds.length === 0) {
        pass(axis);
        return;
      }
      // Runs of a bounded length, as an axis of their own, and what is left over.
      const runs = Math.floor(axis.size / run);
      const outer: Axis = { size: runs, strides: axis.strides.map((step) => step * run) };
      this.#nest([outer], () => pass({ size: run, strides: axis.strides }));
      const rest = axis.size - runs * run;
      if (rest > 0) {
        const counter = this.#f.let(i32.const(runs));
        this.#within({ axis: outer, counter }, () => pass({ size: rest, strides: axis.strides }));
      }
    });
    for (const fold of folds) this.#totals.set(fold.fold, this.#across(fold, results.get(fold.fold)!));
  }

  #identity(fold: Fold): Vector {
    const type = scalarType(fold.dtype);
    const whole = Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, fold.identity));
    const value = type === "float" ? this.#lanes.float.const(fold.identity) : i32x4.const(whole);
    const local = this.#f.local("v128");
    this.#f.set(local, value);
    return { type, local };
  }

  #accumulate(total: Vector, fold: Fold, value: Vector): void {
    const made = emitInstruction(
      this.site,
      this.#lanes,
      fold.combine,
      [total, this.#typed(fold.dtype, value)],
      this.#policy,
    );
    this.#f.set(total.local, made.local);
  }

  #typed(dtype: DType, value: Vector): Vector {
    return scalarType(dtype) === "float"
      ? asFloat(this.site, this.#lanes, value)
      : asInteger(this.site, this.#lanes, value);
  }

  /** The identity in lanes that hold no element. */
  #masked(fold: Fold, value: Vector, valid: number): Vector {
    if (valid === this.#lanes.count) return value;
    const typed = this.#typed(fold.dtype, value);
    const lanes = typed.type === "integer" ? 4 : this.#lanes.count;
    const bits = Array.from({ length: 4 }, (_, k) => (Math.floor((k * lanes) / 4) < valid ? -1 : 0)) as [
      number,
      number,
      number,
      number,
    ];
    const keep = this.#f.let(i32x4.const(...bits));
    const neutral = this.#identity(fold);
    return { type: typed.type, local: this.#f.let(v128.bitselect(typed.local, neutral.local, keep)) };
  }

  /** The lanes of a total folded into one, in every lane. */
  #across(fold: Fold, total: Vector): Vector {
    const { count } = this.#lanes;
    const halves =
      total.type === "float" && count === 2
        ? [shuffle64(total.local, total.local, [1, 0])]
        : count === 2
          ? [shuffle32(total.local, total.local, [1, 0, 1, 0])]
          : [shuffle32(total.local, total.local, [2, 3, 0, 1]), shuffle32(total.local, total.local, [1, 0, 3, 2])];
    for (const half of halves) this.#accumulate(total, fold, { type: total.type, local: this.#f.let(half) });
    return total;
  }

  /** Computes and stores, or folds, a group of statements at the place at hand, `shift` elements along the lanes. */
  #statements(
    group: readonly Statement[],
    valid: number,
    shift: number,
    fold: ((fold: Fold, value: Vector) => void) | undefined,
  ): void {
    const types = this.kernel.sources.map(({ dtype }) => scalarType(dtype));
    const bodies: Scalar[] = group.map(({ value }) => value);
    const { steps, results } = linearizeAll(bodies, types);
    const vectors: Vector[] = [];
    for (const step of steps) vectors.push(this.#step(step, vectors, valid, shift));
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
          this.#place(number, shift),
          this.#laneStride(number),
          valid,
        );
      }
    });
  }

  #step(step: Step, vectors: readonly Vector[], valid: number, shift: number): Vector {
    const { site } = this;
    switch (step.kind) {
      case "constant":
        return step.type === "float"
          ? { type: "float", local: this.#f.let(this.#lanes.float.const(step.value)) }
          : { type: "integer", local: this.#f.let(i32x4.const(step.value)) };
      case "position": {
        const number = this.#bytes.length - 1;
        const { pointer, offset } = this.#place(number, shift);
        const start = i32x4.splat(i32.add(pointer ?? i32.const(0), i32.const(offset)));
        const stride = this.#laneStride(number);
        return {
          type: "integer",
          local: this.#f.let(i32x4.add(start, i32x4.const(0, stride, 2 * stride, 3 * stride))),
        };
      }
      case "input": {
        const source = this.kernel.sources[step.index];
        if (source.kind === "folded") {
          const total = this.#totals.get(source.fold)!;
          return source.dtype === "float32" ? asSingle(site, this.#lanes, total) : total;
        }
        return loadVector(
          site,
          this.#lanes,
          source.dtype,
          this.#place(step.index, shift),
          this.#laneStride(step.index),
          valid,
        );
      }
      case "operation": {
        const operands = step.arguments.map((k) => vectors[k]);
        return emitInstruction(site, this.#lanes, step.instruction, operands, this.#policy);
      }
    }
  }

  /** How far apart neighbouring lanes are in an array; 0 outside of the lanes' loop. */
  #laneStride(number: number): number {
    const open = this.#open.some(({ axis }) => axis.strides === this.#lane?.strides);
    return open ? this.#lane!.strides[number] : 0;
  }

  /** Where the array's element at the open counters stands. */
  #place(number: number, shift: number): Place {
    const pointer = this.#pointers[number];
    const along = shift * this.#laneStride(number) * this.#bytes[number];
    if (!this.#backwards[number] || !pointer) return { pointer, offset: this.#bases[number] + along };
    return { pointer: along === 0 ? pointer : i32.add(pointer, i32.const(along)), offset: 0 };
  }
}
