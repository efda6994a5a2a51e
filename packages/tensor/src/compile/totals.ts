import type { DType } from "../dtype.js";
import { inputsOf, type Scalar, substitute } from "../scalar/scalar.js";
import type { Access, KernelProgram, LoopKernel, Source, Statement } from "./kernel.js";

type Fold = Statement & { readonly kind: "fold" };
type Store = Statement & { readonly kind: "store" };

/** A program whose last kernel folds everything, so that it can be run over parts, and their totals be folded again. */
export interface Totals {
  /** The program that gives its totals as they are, as its last results, and before them the others. */
  readonly parts: KernelProgram;
  /** Which of the results are computed of totals. */
  readonly isTotal: (result: number) => boolean;
  /** The element type of each total. */
  readonly dtypes: readonly DType[];
  /** Folds so many of each total, its arguments, and gives the results that are computed of them. */
  folding(count: number): KernelProgram;
}

const input = (index: number): Scalar => ({ kind: "input", index });
const isFull = (statement: Statement): boolean => statement.kind === "fold" || statement.at === "full";

/** undefined where the last kernel does not fold everything, or reads more than totals for what it computes of them. */
export function totalsOf({ buffers, kernels, outputs }: KernelProgram): Totals | undefined {
  const last = kernels[kernels.length - 1];
  if (last?.kind !== "loops" || last.folded.length < last.shape.length) return undefined;
  const { shape, sources, phases } = last;
  const statements = phases.flat();
  const folds = statements.filter((statement): statement is Fold => statement.kind === "fold");
  const stores = statements.filter((statement): statement is Store => !isFull(statement));
  const ofTotals = stores.every(({ value }) => inputsOf(value).every((k) => sources[k].kind === "folded"));
  if (folds.length === 0 || !ofTotals || phases.slice(1).flat().some(isFull)) return undefined;

  const totalBuffers = new Map(stores.map(({ access: { buffer } }, k) => [buffer, folds.length + k]));
  const isTotal = (result: number): boolean => totalBuffers.has(outputs[result].access.buffer);
  const single = (buffer: number): Access => ({ buffer, layout: { shape: [1], stride: [0], offset: 0 } });
  const foldedSources = folds.map(({ fold, dtype }): Source => ({ kind: "folded", fold, dtype }));

  const raw = folds.map(({ dtype }, k): Store => {
    const layout = { shape, stride: shape.map(() => 0), offset: 0 };
    const value = input(sources.length + k);
    return { kind: "store", at: "row", value, access: { buffer: buffers.length + k, layout }, dtype };
  });
  const parts: LoopKernel = {
    ...last,
    sources: [...sources, ...foldedSources],
    phases: [[...statements.filter(isFull), ...raw]],
  };

  return {
    parts: {
      buffers: [...buffers, ...folds.map(({ dtype }) => ({ dtype, size: 1 }))],
      kernels: [...kernels.slice(0, -1), parts],
      outputs: [
        ...outputs.filter((_, k) => !isTotal(k)),
        ...folds.map(({ dtype }, k) => ({ access: single(buffers.length + k), shape: [], dtype })),
      ],
    },
    isTotal,
    dtypes: folds.map(({ dtype }) => dtype),
    folding(count) {
      const loads = folds.map(({ dtype }, k): Source => {
        const layout = { shape: [count], stride: [1], offset: 0 };
        return { kind: "load", access: { buffer: k, layout }, dtype };
      });
      const totals = sources.map((source) =>
        input(source.kind === "folded" ? folds.length + folds.findIndex(({ fold }) => fold === source.fold) : 0),
      );
      return {
        buffers: [
          ...folds.map(({ dtype }, index) => ({ dtype, size: count, initial: { kind: "argument" as const, index } })),
          ...stores.map(({ dtype }) => ({ dtype, size: 1 })),
        ],
        kernels: [
          {
            ...{ kind: "loops", shape: [count], folded: [0], label: last.label },
            sources: [...loads, ...foldedSources],
            phases: [
              [
                ...folds.map((fold, k) => ({ ...fold, value: input(k) })),
                ...stores.map((store, k) => {
                  return { ...store, value: substitute(store.value, totals), access: single(folds.length + k) };
                }),
              ],
            ],
          },
        ],
        outputs: outputs
          .filter((_, k) => isTotal(k))
          .map(({ access: { buffer }, shape, dtype }) => ({ access: single(totalBuffers.get(buffer)!), shape, dtype })),
      };
    },
  };
}
