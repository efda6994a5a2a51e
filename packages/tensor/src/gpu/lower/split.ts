import type { Access, Buffer, LoopKernel } from "../../compile/kernel.js";
import type { DType } from "../../dtype.js";
import { contiguousLayout, contiguousStride, sizeOf } from "../../layout.js";
import type { Scalar } from "../../scalar/scalar.js";
import { rewrite, Sources } from "./body.js";
import type { Fold, Store } from "./cells.js";

interface Place {
  readonly access: Access;
  readonly dtype: DType;
}

/** One kernel for each store and each fold: a kernel on the device writes one array. Adds buffers where folds need them. */
export const split = (kernel: LoopKernel, buffers: Buffer[]): readonly LoopKernel[] => new Split(kernel, buffers).run();

/** Whether two bodies are the same arithmetic of the same inputs. */
function isSame(a: Scalar, b: Scalar): boolean {
  if (a === b) return true;
  if (a.kind === "input") return b.kind === "input" && a.index === b.index;
  if (a.kind === "constant") return b.kind === "constant" && Object.is(a.value, b.value) && a.type === b.type;
  if (a.kind !== "operation" || b.kind !== "operation" || a.instruction !== b.instruction)
    return a.kind === b.kind && a.kind === "position";
  return a.arguments.every((one, k) => isSame(one, b.arguments[k]));
}

function contains(body: Scalar, value: Scalar, seen: Set<Scalar> = new Set()): boolean {
  if (isSame(body, value)) return true;
  if (body.kind !== "operation" || seen.has(body)) return false;
  seen.add(body);
  return body.arguments.some((argument) => contains(argument, value, seen));
}

class Split {
  readonly #kernels: LoopKernel[] = [];
  readonly #folds = new Map<number, Place>();
  /** Where values stand that were stored by now: what is computed from them reads them. */
  readonly #stored = { full: new Map<Scalar, Place>(), row: new Map<Scalar, Place>() };
  /** Values that must be the same number wherever they are read. */
  readonly #kept: { readonly value: Scalar; readonly place: Place }[] = [];
  readonly #rowShape: readonly number[];

  constructor(
    private readonly kernel: LoopKernel,
    private readonly buffers: Buffer[],
  ) {
    this.#rowShape = kernel.shape.map((size, axis) => (kernel.folded.includes(axis) ? 1 : size));
  }

  run(): readonly LoopKernel[] {
    const done = new Set<Store>();
    for (const statement of this.kernel.phases.flat()) {
      if (statement.kind === "fold") {
        const store = this.#storeOf(statement);
        if (store) done.add(store);
        this.#fold(statement, store);
      } else if (!done.has(statement)) this.#store(statement);
    }
    return this.#kernels;
  }

  /** The store of the fold's very result, if there is one. */
  #storeOf({ fold }: Fold): Store | undefined {
    return this.kernel.phases.flat().find((statement): statement is Store => {
      if (statement.kind !== "store" || statement.at !== "row" || statement.value.kind !== "input") return false;
      const source = this.kernel.sources[statement.value.index];
      return source.kind === "folded" && source.fold === fold;
    });
  }

  #fold(fold: Fold, store: Store | undefined): void {
    const { dtype } = fold;
    if (!Number.isFinite(fold.identity)) this.#keep(fold);
    const access = store?.access ?? this.#newRow(dtype);
    const sources = new Sources();
    const value = this.#resolve(fold.value, "full", sources);
    const result = sources.folded(dtype);
    this.#kernels.push({
      ...this.kernel,
      sources: sources.list,
      phases: [
        [
          { ...fold, fold: 0, value },
          { kind: "store", at: "row", value: result, access, dtype: store?.dtype ?? dtype },
        ],
      ],
    });
    this.#folds.set(fold.fold, { access, dtype });
  }

  /**
   * Stores what the largest or smallest is taken of, where it is met again: it is compared with that, and devices may
   * round a product and a sum together in one kernel and not in another.
   */
  #keep(fold: Fold): void {
    const { value, dtype } = fold;
    const others = this.kernel.phases.flat().filter((statement) => statement !== fold);
    if (value.kind !== "operation" || !others.some((other) => contains(other.value, value))) return;
    const { shape } = this.kernel;
    const access = { buffer: this.buffers.push({ dtype, size: sizeOf(shape) }) - 1, layout: contiguousLayout(shape) };
    this.#store({ kind: "store", at: "full", value, access, dtype });
    this.#kept.push({ value, place: { access, dtype } });
  }

  #newRow(dtype: DType): Access {
    const buffer = this.buffers.push({ dtype, size: sizeOf(this.#rowShape) }) - 1;
    const stride = contiguousStride(this.#rowShape).map((step, axis) => (this.#rowShape[axis] === 1 ? 0 : step));
    return { buffer, layout: { shape: this.kernel.shape, stride, offset: 0 } };
  }

  #store(store: Store): void {
    const sources = new Sources();
    const value = this.#resolve(store.value, store.at, sources);
    this.#kernels.push({
      ...this.kernel,
      shape: store.at === "full" ? this.kernel.shape : this.#rowShape,
      folded: [],
      sources: sources.list,
      phases: [[{ ...store, at: "full", value }]],
    });
    if (store.value.kind === "operation") this.#stored[store.at].set(store.value, store);
  }

  #resolve(body: Scalar, at: "full" | "row", sources: Sources): Scalar {
    return rewrite(body, (node) => {
      const kept = at === "full" ? this.#kept.find(({ value }) => isSame(value, node)) : undefined;
      const stored = kept?.place ?? this.#stored[at].get(node);
      if (stored) return sources.load(stored.access, stored.dtype);
      if (node.kind !== "input") return undefined;
      const source = this.kernel.sources[node.index];
      if (source.kind === "load") return sources.load(source.access, source.dtype);
      const { access, dtype } = this.#folds.get(source.fold)!;
      return sources.load(access, dtype);
    });
  }
}
