import { bytesPerElement } from "../dtype.js";
import { extent } from "../layout.js";
import { inputsOf } from "../scalar/scalar.js";
import type { Access, Kernel, KernelProgram, LoopKernel, ProductKernel } from "./kernel.js";
import { type Plan, readBy, writtenBy } from "./plan.js";
import { type Program, verifyProgram } from "./program.js";

/** Checks the forms that a program goes through: each throws where one is not what the next pass relies on. */
export interface Verifier {
  /** @internal */
  program(program: Program, after: string): void;
  /** @internal */
  kernels(kernels: KernelProgram): void;
  /** @internal */
  plan(kernels: KernelProgram, plan: Plan, carried: number): void;
}

/** For `compile(f, { verify: verifier })`: a value, so that who does not ask for it does not ship it. */
export const verifier: Verifier = { program: verifyProgram, kernels: verifyKernels, plan: verifyPlan };

const mistake = (where: string, why: string): never => {
  throw new Error(`compile: ${where} ${why}; this is a mistake in the compiler, please report it`);
};

/** @throws Error where kernels are not what emitting them relies on. */
export function verifyKernels({ buffers, kernels, outputs }: KernelProgram): void {
  const known = new Set(buffers.flatMap(({ initial, size }, k) => (initial || size === 0 ? [k] : [])));
  kernels.forEach((kernel, at) => {
    const fail = (why: string) => mistake(`kernel ${at} (${kernel.label})`, why);
    const within = ({ buffer, layout }: Access): void => {
      const range = extent(layout);
      if (range && (range[0] < 0 || range[1] >= buffers[buffer].size))
        fail(`reaches positions ${range[0]} to ${range[1]} of buffer ${buffer}, which has ${buffers[buffer].size}`);
    };
    const own = new Set(kernel.kind === "loops" ? writtenBy(kernel) : []);
    for (const buffer of readBy(kernel))
      if (!known.has(buffer) && !own.has(buffer)) fail(`reads buffer ${buffer} before it is written`);
    for (const buffer of writtenBy(kernel)) {
      if (buffers[buffer].initial) fail(`writes buffer ${buffer}, which is ${buffers[buffer].initial.kind}`);
      known.add(buffer);
    }
    if (kernel.kind === "loops") verifyLoops(kernel, within, fail);
    else if (kernel.kind === "product") for (const access of productAccesses(kernel)) within(access);
    else for (const { access } of kernel.inputs) within(access);
  });
  for (const [k, { access }] of outputs.entries())
    if (!known.has(access.buffer)) mistake(`output ${k}`, `is buffer ${access.buffer}, which nothing writes`);
}

function verifyLoops(kernel: LoopKernel, within: (access: Access) => void, fail: (why: string) => never): void {
  const { shape, folded, sources, phases } = kernel;
  const check = (access: Access): void => {
    if (access.layout.stride.length !== shape.length) fail(`has an access with ${access.layout.stride.length} strides`);
    within({ ...access, layout: { ...access.layout, shape } });
  };
  for (const source of sources) if (source.kind === "load") check(source.access);
  const phaseOf = new Map<number, number>();
  const stored = new Set<number>();
  const storedIn = new Map(
    phases.flatMap((phase, p) => phase.flatMap((s) => (s.kind === "store" ? [[s.access.buffer, p] as const] : []))),
  );
  phases.forEach((phase, p) => {
    for (const statement of phase) {
      const isRow = statement.kind === "store" && statement.at === "row";
      for (const index of inputsOf(statement.value)) {
        const source = sources[index];
        if (!source) fail(`uses source ${index}, it has ${sources.length}`);
        if (source.kind === "load") {
          const { buffer } = source.access;
          if ((storedIn.get(buffer) ?? -1) >= p) fail(`reads buffer ${buffer} before it is written`);
          continue;
        }
        const made = phaseOf.get(source.fold);
        if (made === undefined || (made >= p && !(isRow && made === p)))
          fail(`uses fold ${source.fold} before its end`);
      }
      if (statement.kind === "fold") {
        if (phaseOf.has(statement.fold)) fail(`computes fold ${statement.fold} twice`);
        phaseOf.set(statement.fold, p);
        continue;
      }
      const { buffer, layout } = statement.access;
      check(statement.access);
      if (stored.has(buffer)) fail(`stores buffer ${buffer} twice`);
      stored.add(buffer);
      if (isRow && folded.some((axis) => shape[axis] > 1 && layout.stride[axis] !== 0))
        fail(`stores a row in buffer ${buffer} along the axes that it folds`);
    }
  });
}

function productAccesses({ m, k, n, a, b, c, outer, patch }: ProductKernel): readonly Access[] {
  const of = (operand: typeof a, rows: number, columns: number, step: "a" | "b" | "c"): Access => ({
    buffer: operand.buffer,
    layout: {
      shape: [...outer.map(({ size }) => size), rows, columns],
      stride: [...outer.map((loop) => loop[step]), operand.rowStride, operand.columnStride],
      offset: operand.offset,
    },
  });
  const right = of(b, k, n, "b");
  const { layout } = right;
  const rounds = outer.length;
  const copied = patch && {
    ...layout,
    shape: [...layout.shape.slice(0, rounds), ...patch.shape],
    stride: [...layout.stride.slice(0, rounds), ...patch.stride],
  };
  return [of(a, m, k, "a"), copied ? { buffer: b.buffer, layout: copied } : right, of(c, m, n, "c")];
}

/** @throws Error where two buffers that are needed at one time share memory. `carried` as in `plan`. */
export function verifyPlan(program: KernelProgram, { addresses, bytes }: Plan, carried = 0): void {
  const { buffers, kernels, outputs } = program;
  const end = kernels.length;
  const span = (buffer: number): readonly [number, number] => {
    const { initial } = buffers[buffer];
    const held = initial?.kind === "constant" || (initial?.kind === "argument" && initial.index < carried);
    const uses = (one: Kernel) => readBy(one).includes(buffer) || writtenBy(one).includes(buffer);
    const used = kernels.flatMap((kernel, at) => (uses(kernel) ? [at] : []));
    const last = held || outputs.some(({ access }) => access.buffer === buffer) ? end : Math.max(-1, ...used);
    return [initial ? -1 : Math.min(...used, end), last];
  };
  const placed = buffers.flatMap(({ dtype, size }, buffer) => {
    const start = addresses[buffer];
    if (start < 0 || size === 0) return [];
    const stop = start + size * bytesPerElement[dtype];
    if (stop > bytes || start % bytesPerElement[dtype] !== 0) mistake(`buffer ${buffer}`, `stands at byte ${start}`);
    return [{ buffer, start, stop, span: span(buffer) }];
  });
  const isCarriedBy = (argument: number, result: number): boolean => {
    const { initial } = buffers[argument];
    return initial?.kind === "argument" && initial.index < carried && outputs[initial.index].access.buffer === result;
  };
  for (const [k, one] of placed.entries())
    for (const other of placed.slice(k + 1)) {
      const apart = one.stop <= other.start || other.stop <= one.start;
      const never = one.span[1] < other.span[0] || other.span[1] < one.span[0];
      if (apart || never || isCarriedBy(one.buffer, other.buffer) || isCarriedBy(other.buffer, one.buffer)) continue;
      mistake(`buffer ${one.buffer}`, `shares memory with buffer ${other.buffer} while both are needed`);
    }
}
