import type { DType } from "../dtype.js";
import { type Layout, show } from "../layout.js";
import type { Primitive } from "../primitive.js";
import { type Instruction, printScalar, type Scalar } from "../scalar/scalar.js";

/** Memory of the program: an argument, a constant, or what a kernel stores. Its elements are contiguous. */
export interface Buffer {
  readonly dtype: DType;
  readonly size: number;
  /** What is known before the program runs. */
  readonly initial?:
    | { readonly kind: "argument"; readonly index: number }
    | { readonly kind: "constant"; readonly data: ArrayLike<number> };
}

/** A buffer seen through a layout with one stride an axis of the kernel that uses it. */
export interface Access {
  readonly buffer: number;
  readonly layout: Layout;
}

/** What a scalar body's `input(k)` stands for within a kernel. */
export type Source =
  | { readonly kind: "load"; readonly access: Access; readonly dtype: DType }
  /** The result of an earlier fold of the same kernel, at the same kept index. */
  | { readonly kind: "folded"; readonly fold: number; readonly dtype: DType };

/** Part of a kernel: for each kept index, a loop over the folded axes (`full`), or once (`row`). */
export type Statement =
  | {
      readonly kind: "store";
      readonly at: "full" | "row";
      readonly value: Scalar;
      readonly access: Access;
      readonly dtype: DType;
    }
  | {
      readonly kind: "fold";
      readonly fold: number;
      readonly value: Scalar;
      readonly combine: Instruction;
      readonly identity: number;
      readonly dtype: DType;
    };

/**
 * A loop nest: over the kept axes, and within them, phase by phase, over the folded axes. All axes are those of
 * `shape`; an access has a stride for each of them (0 on folded axes for what is constant along them).
 */
export interface LoopKernel {
  readonly kind: "loops";
  readonly shape: readonly number[];
  readonly folded: readonly number[];
  readonly sources: readonly Source[];
  /** Statements of one phase share one loop; a phase sees the folds of those before it. */
  readonly phases: readonly (readonly Statement[])[];
  readonly label: string;
}

/** Axes of one role as the product kernel walks them. */
export interface ProductOperand {
  readonly buffer: number;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** C[m, n] (+)= A[m, k]·B[k, n] for every index of the outer loops, each of which moves the three operands. */
export interface ProductKernel {
  readonly kind: "product";
  readonly dtype: "float32" | "float64";
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly a: ProductOperand;
  readonly b: ProductOperand;
  readonly c: ProductOperand;
  readonly outer: readonly {
    readonly size: number;
    readonly a: number;
    readonly b: number;
    readonly c: number;
    /** Whether the rounds add up into the same C. */
    readonly summed: boolean;
  }[];
  /** Where B has no two strides (a window of an image, say), its part for the round is copied first. */
  readonly patch?: PatchCopy;
  readonly label: string;
}

/** How the part of B for one round is read from B's offset for the round, in the order in which it is written. */
export interface PatchCopy {
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  /** The outermost of the axes that are B's columns; −1 where it has one column. */
  readonly columnAxis: number;
}

/** A primitive that only its own `evaluate` knows, run outside. */
export interface HostKernel {
  readonly kind: "host";
  readonly primitive: Primitive;
  readonly params: unknown;
  readonly inputs: readonly { readonly access: Access; readonly dtype: DType }[];
  readonly output: number;
  readonly outputShape: readonly number[];
  readonly label: string;
}

export type Kernel = LoopKernel | ProductKernel | HostKernel;

/** A program as kernels over buffers: what WebAssembly and GPUs lower from. */
export interface KernelProgram {
  readonly buffers: readonly Buffer[];
  readonly kernels: readonly Kernel[];
  readonly outputs: readonly { readonly access: Access; readonly shape: readonly number[]; readonly dtype: DType }[];
}

const printAccess = ({ buffer, layout }: Access): string =>
  `b${buffer}${layout.stride.length > 0 || layout.offset !== 0 ? `{${layout.stride.join(",")}${layout.offset ? `;+${layout.offset}` : ""}}` : ""}`;

function printKernel(kernel: Kernel): string {
  if (kernel.kind === "host")
    return `host ${kernel.primitive.name}(${kernel.inputs.map(({ access }) => printAccess(access)).join(", ")}) → b${kernel.output}`;
  if (kernel.kind === "product") {
    const { m, k, n, a, b, c, outer } = kernel;
    const operand = (x: ProductOperand) =>
      `b${x.buffer}{${x.rowStride},${x.columnStride}${x.offset ? `;+${x.offset}` : ""}}`;
    const loops = outer.map((loop) => `${loop.summed ? "sum " : "for "}${loop.size} `).join("");
    return `${loops}product ${m}×${k}×${n} ${kernel.dtype}: ${operand(a)} · ${kernel.patch ? `patch of b${b.buffer}` : operand(b)} → ${operand(c)}`;
  }
  const lines = kernel.phases.map((phase, p) =>
    phase
      .map((statement) => {
        const value = printScalar(statement.value);
        return statement.kind === "store"
          ? `  ${p}: ${statement.at === "row" ? "row " : ""}${printAccess(statement.access)} = ${value}`
          : `  ${p}: f${statement.fold} = fold ${statement.combine.name} ${value}`;
      })
      .join("\n"),
  );
  const sources = kernel.sources.map(
    (source, k) => `x${k} = ${source.kind === "load" ? printAccess(source.access) : `f${source.fold}`}`,
  );
  return [
    `loops ${show(kernel.shape)}${kernel.folded.length ? ` folding ${show(kernel.folded)}` : ""}: ${sources.join(", ")}`,
    ...lines,
  ].join("\n");
}

/** A line or a few a kernel, for people and golden tests. */
export const printKernels = ({ buffers, kernels, outputs }: KernelProgram): string =>
  [
    ...buffers.map(({ dtype, size, initial }, k) => `b${k}: ${dtype} × ${size}${initial ? ` ${initial.kind}` : ""}`),
    ...kernels.map(printKernel),
    `return ${outputs.map(({ access, shape }) => `${printAccess(access)} ${show(shape)}`).join(", ")}`,
  ].join("\n");
