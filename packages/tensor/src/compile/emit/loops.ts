import { sizeOf } from "../../layout.js";
import { scalarType } from "../../scalar/evaluate.js";
import { linearizeAll, type Step } from "../../scalar/linearize.js";
import { i32, i32x4, interleave } from "../../wasm/assembler/index.js";
import type { Site } from "../../wasm/math/shape.js";
import type { LoopKernel, Source, Statement } from "../kernel.js";
import { type Axis, axesOf, foldsAcrossLanes } from "./axes.js";
import { type Fold, foldsOf, sideBySide } from "./folds.js";
import { emitInstruction, type RoutinePolicy, type Routines } from "./instructions.js";
import { asSingle, constantVector, double, loadVector, single, storeVector, type Vector, whole } from "./lanes.js";
import type { Share } from "./share.js";
import { type Addresses, walkOf } from "./walk.js";

/** Elements added up before their total goes into the next one: keeps float32 sums accurate. */
const run = 4096;
/** Routines are written into loops of at least so many elements, and several rounds of them side by side. */
const worthInlining = 2048;

/** Statements that stand together, as one straight-line code. */
interface Code extends ReturnType<typeof linearizeAll> {
  readonly group: readonly Statement[];
}

/** Takes what is to be folded, of one of the vectors side by side. */
type Folding = (fold: Fold, value: Vector, part: number) => void;

/** Writes a loop nest, or a share of it. Sizes and addresses are constants of the code. */
export function emitLoops(
  site: Site,
  kernel: LoopKernel,
  addresses: Addresses,
  routines: Routines,
  share?: Share,
): void {
  const { f } = site;
  const { sources, phases } = kernel;
  const rowSizes = kernel.shape.filter((_, axis) => !kernel.folded.includes(axis));
  if (rowSizes.includes(0)) return;
  const statements = phases.flat();
  const isDouble = [...sources, ...statements].some(({ dtype }) => dtype === "float64");
  const lanes = isDouble ? double(site) : single(site);
  const axes = axesOf(kernel);
  const { kept, folded } = axes;
  const laneFolded = foldsAcrossLanes(kernel, axes, lanes.count);
  const lane = laneFolded ? folded[folded.length - 1] : kept[kept.length - 1];
  const walk = walkOf(lanes, kernel, lane, addresses);
  const policy = { routines, inline: sizeOf(kernel.shape) >= worthInlining };
  /** For what is computed once a row. */
  const rowPolicy = { routines, inline: sizeOf(rowSizes) >= worthInlining };
  const folds = foldsOf(lanes, policy);
  /** For each fold a total for every vector of the group; one where the lanes are folded. */
  const totals = new Map<number, readonly Vector[]>();

  const types = sources.map(({ dtype }) => scalarType(dtype));
  const codeOf = (group: readonly Statement[]): Code => ({
    group,
    ...linearizeAll(
      group.map(({ value }) => value),
      types,
    ),
  });
  const written = phases.map((phase) => ({
    folded: phase.filter((s): s is Fold => s.kind === "fold"),
    full: codeOf(phase.filter((s) => s.kind === "fold" || s.at === "full")),
    rows: codeOf(phase.filter((s) => s.kind === "store" && s.at === "row")),
  }));

  const outer = laneFolded ? kept : kept.slice(0, -1);
  if (share) share.nest(share, f, walk, axes, outer, lane, alongLanes);
  else walk.nest(outer, () => alongLanes(lane));

  function alongLanes(axis: Axis | undefined): void {
    if (laneFolded || !axis) rows([1]);
    else walk.overLanes(axis, partsOf(axis), rows);
  }

  /** How many vectors of the lanes' axis a round takes side by side. */
  function partsOf({ size }: Axis): number {
    if (!policy.inline) return 1;
    const most = sideBySide(statements, codeOf(statements).steps, walk.position);
    const vectors = Math.ceil(size / lanes.count);
    // A sum along another axis waits for itself in every round of it; else a few rounds have to follow each other.
    return folded.length > 0 ? Math.min(most, Math.max(1, vectors)) : vectors >= 2 * most ? most : 1;
  }

  /** Code for each vector of a group, side by side; what is the same in all of them is loaded once. */
  function together(code: Code, valid: readonly number[], policy: RoutinePolicy, fold?: Folding): void {
    f.scope(() => {
      const shared = new Map<number, Vector>();
      for (const step of valid.length > 1 ? code.steps : [])
        if (step.kind === "input" && sources[step.index].kind === "load" && walk.laneStride(step.index) === 0)
          shared.set(step.index, load(step.index, 0, 1));
      interleave(
        f,
        valid.map((count, part) => () => f.scope(() => compute(code, count, part, policy, shared, fold))),
      );
    });
  }

  /** All phases for the kept index (or, with lanes there, for vectors of `valid` indices) at hand. */
  function rows(valid: readonly number[]): void {
    for (const { folded, full, rows } of written) {
      if (full.group.length > 0) {
        if (laneFolded) foldLanes(full, folded);
        else foldRounds(full, folded, valid);
      }
      if (rows.group.length > 0) together(rows, valid, rowPolicy);
    }
  }

  /** Without folded axes, or where they have one entry, what is folded is the value itself. */
  function foldRounds(full: Code, all: readonly Fold[], valid: readonly number[]): void {
    const running = new Map(all.map((fold) => [fold, valid.map(() => folds.start(fold))]));
    if (folded.every(({ size }) => size > 0))
      walk.nest(folded, () =>
        together(full, valid, policy, (fold, value, part) =>
          folds.accumulate(running.get(fold)![part], value, lanes.count),
        ),
      );
    for (const [{ fold }, parts] of running) totals.set(fold, parts.map(folds.value));
  }

  function foldLanes(full: Code, all: readonly Fold[]): void {
    const axis = lane!;
    const most = sideBySide(full.group, full.steps);
    const parts = Math.min(most, Math.max(1, Math.ceil(axis.size / lanes.count)));
    const once = folded.length === 1 && (axis.size <= 2 * run || all.length === 0);
    const results = new Map(all.map((fold) => [fold, folds.start(fold)]));
    const pass = (span: Axis) => {
      const running = new Map(all.map((fold) => [fold, Array.from({ length: parts }, () => folds.start(fold))]));
      walk.overLanes(span, parts, (valid) =>
        together(full, valid, policy, (fold, value, part) =>
          folds.accumulate(running.get(fold)![part], value, valid[part]),
        ),
      );
      for (const [fold, sums] of running) {
        for (let width = 1; width < parts; width *= 2)
          for (let part = 0; part + width < parts; part += 2 * width) folds.add(sums[part], sums[part + width]);
        if (once) results.set(fold, sums[0]);
        else folds.add(results.get(fold)!, sums[0]);
      }
    };
    if (once) pass(axis);
    else
      walk.nest(folded.slice(0, -1), () => {
        if (axis.size <= 2 * run) {
          pass(axis);
          return;
        }
        // Runs of a bounded length, as an axis of their own, and what is left over.
        const { size, strides } = axis;
        const runs = Math.floor(size / run);
        const outer: Axis = { size: runs, strides: strides.map((step) => step * run) };
        walk.nest([outer], () => pass({ size: run, strides }));
        if (size % run > 0) walk.within(outer, f.let(runs), () => pass({ size: size % run, strides }));
      });
    for (const [{ fold }, total] of results) totals.set(fold, [folds.value(folds.across(total))]);
  }

  /** Computes and stores, or folds, statements at the place at hand, `part` vectors along the lanes. */
  function compute(
    { group, steps, results }: Code,
    valid: number,
    part: number,
    policy: RoutinePolicy,
    shared: ReadonlyMap<number, Vector>,
    fold?: Folding,
  ): void {
    const vectors: Vector[] = [];
    for (const step of steps) {
      const known = step.kind === "input" && shared.get(step.index);
      vectors.push(known || valueOf(step, vectors, valid, part, policy));
    }
    group.forEach((statement, k) => {
      const value = vectors[results[k]];
      if (statement.kind === "fold") fold!(statement, value, part);
      else {
        const array = walk.arrayOf(statement);
        storeVector(lanes, statement.dtype, value, walk.place(array, part), walk.laneStride(array), valid);
      }
    });
  }

  function load(index: number, part: number, valid: number): Vector {
    const { dtype } = sources[index] as Source & { kind: "load" };
    return loadVector(lanes, dtype, walk.place(index, part), walk.laneStride(index), valid);
  }

  function valueOf(step: Step, vectors: readonly Vector[], valid: number, part: number, policy: RoutinePolicy): Vector {
    switch (step.kind) {
      case "constant":
        return step.type === "float"
          ? constantVector(lanes, step.value)
          : { ...whole(lanes, i32x4.const(step.value)), constant: step.value };
      case "position": {
        const { pointer = 0, offset } = walk.place(walk.position, part);
        const stride = walk.laneStride(walk.position);
        const start = i32x4.splat(i32.add(pointer, offset));
        return whole(lanes, i32x4.add(start, i32x4.const(0, stride, 2 * stride, 3 * stride)));
      }
      case "input": {
        const source = sources[step.index];
        if (source.kind === "load") return load(step.index, part, valid);
        const total = totals.get(source.fold)![laneFolded ? 0 : part];
        return source.dtype === "float32" ? asSingle(lanes, total) : total;
      }
      case "operation": {
        const operands = step.arguments.map((k) => vectors[k]);
        return emitInstruction(lanes, step.instruction, operands, policy);
      }
    }
  }
}
