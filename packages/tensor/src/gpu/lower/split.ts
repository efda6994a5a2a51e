import type { Access, Buffer, LoopKernel } from "../../compile/kernel.js";
import type { DType } from "../../dtype.js";
import { contiguousStride, sizeOf } from "../../layout.js";
import type { Scalar } from "../../scalar/scalar.js";
import { rewrite, Sources } from "./body.js";
import type { Fold, Store } from "./cells.js";

interface Place {
  readonly access: Access;
  readonly dtype: DType;
}

/** One kernel for each store and each fold: a kernel on the device writes one array. Adds buffers where folds need them. */
export const split = (kernel: LoopKernel, buffers: Buffer[]): readonly LoopKernel[] => new Split(kernel, buffers).run();

class Split {
  readonly #kernels: LoopKernel[] = [];
  readonly #folds = new Map<number, Place>();
  /** Where values stand that were stored by now: what is computed from them reads them. */
  readonly #stored = { full: new Map<Scalar, Place>(), row: new Map<Scalar, Place>() };
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
      const stored = this.#stored[at].get(node);
      if (stored) return sources.load(stored.access, stored.dtype);
      if (node.kind !== "input") return undefined;
      const source = this.kernel.sources[node.index];
      if (source.kind === "load") return sources.load(source.access, source.dtype);
      const { access, dtype } = this.#folds.get(source.fold)!;
      return sources.load(access, dtype);
    });
  }
}
