import { allocate } from "../dtype.js";
import { isContiguous, type Layout, sizeOf } from "../layout.js";
import { contiguousTensor, fromData, Tensor } from "../tensor.js";
import type { Executable } from "./executable.js";
import { readsPosition } from "./expression.js";
import type { Access, Buffer, KernelProgram, LoopKernel } from "./kernel.js";

// A program of elementwise loops over arrays larger than the caches spends its time copying them into its memory and
// out again. Run over one stretch after another, what is copied stays near, and main memory is read and written once.

/** Elements in a stretch: a handful of arrays of them stay in the second cache. */
const stretch = 16384;
/** Below so many stretches the arrays fit the caches as they are. */
const fewest = 4;

const isOne = ({ stride, shape }: Layout): boolean => shape.every((size, axis) => size === 1 || stride[axis] === 0);

/** Whether the kernel treats each element by itself, at the same place in all arrays, or reads single numbers. */
function isElementwise(kernel: LoopKernel, buffers: readonly Buffer[]): boolean {
  const inStep = ({ layout, buffer }: Access) =>
    layout.offset === 0 && isContiguous(layout) && buffers[buffer].size === sizeOf(kernel.shape);
  const loads = kernel.sources.every((source) => {
    if (source.kind !== "load") return false;
    const { access } = source;
    if (buffers[access.buffer].size === 1) return isOne(access.layout);
    return inStep(access) && buffers[access.buffer].initial?.kind !== "constant";
  });
  const statements = kernel.phases.flat();
  return loads && statements.every((s) => s.kind === "store" && inStep(s.access) && !readsPosition(s.value));
}

/** The elements of a program that can run stretch by stretch; undefined for one that cannot, or need not. */
export function streamedElements({ buffers, kernels, outputs }: KernelProgram): number | undefined {
  const [first] = kernels;
  if (first?.kind !== "loops") return undefined;
  const elements = sizeOf(first.shape);
  const suits = kernels.every(
    (kernel) => kernel.kind === "loops" && sizeOf(kernel.shape) === elements && isElementwise(kernel, buffers),
  );
  const whole = outputs.every(({ access, shape }) => sizeOf(shape) === elements && isOutputOf(access, buffers));
  return elements >= fewest * stretch && suits && whole ? elements : undefined;
}

const isOutputOf = ({ buffer, layout }: Access, buffers: readonly Buffer[]): boolean =>
  layout.offset === 0 && isContiguous(layout) && buffers[buffer].initial === undefined;

/** The same program over one stretch. */
export function oneStretch({ buffers, kernels, outputs }: KernelProgram, elements: number): KernelProgram {
  const along = ({ buffer }: Access): Access => ({
    buffer,
    layout: { shape: [stretch], stride: [buffers[buffer].size === 1 ? 0 : 1], offset: 0 },
  });
  return {
    buffers: buffers.map((buffer) => (buffer.size === elements ? { ...buffer, size: stretch } : buffer)),
    kernels: (kernels as readonly LoopKernel[]).map((kernel) => ({
      ...kernel,
      shape: [stretch],
      sources: kernel.sources.map((source) =>
        source.kind === "load" ? { ...source, access: along(source.access) } : source,
      ),
      phases: kernel.phases.map((phase) =>
        phase.map((statement) =>
          statement.kind === "store" ? { ...statement, access: along(statement.access) } : statement,
        ),
      ),
    })),
    outputs: outputs.map((output) => ({ ...output, access: along(output.access), shape: [stretch] })),
  };
}

/** Runs the program of one stretch over all of them; what is left over is run in memory of its own. */
export function streamed(inner: Executable, { outputs }: KernelProgram, elements: number): Executable {
  return {
    ...inner,
    call(inputs, into = []) {
      const whole = inputs.map(contiguousTensor);
      const results = outputs.map(({ dtype }, k) => into[k] ?? allocate(dtype, elements));
      const part = (x: Tensor, start: number) =>
        x.size === elements ? new Tensor(x.storage, x.dtype, [stretch], [1], x.offset + start) : x;
      const rest = elements % stretch;
      const end = elements - rest;
      for (let start = 0; start < end; start += stretch) {
        inner.call(
          whole.map((x) => part(x, start)),
          results.map((data) => data.subarray(start, start + stretch)),
        );
      }
      if (rest > 0) {
        // Results may share memory with inputs, so no element may be computed twice.
        const last = inner.call(whole.map((x) => (x.size === elements ? padded(x, end) : x)));
        last.forEach(({ data }, k) => {
          results[k].set(data.subarray(0, rest), end);
        });
      }
      return outputs.map(({ dtype, shape }, k) => fromData(results[k], dtype, shape));
    },
  };
}

/** The elements from `start` on, followed by zeros up to a whole stretch. */
function padded({ data, dtype, offset, size }: Tensor, start: number): Tensor {
  const copy = allocate(dtype, stretch);
  copy.set(data.subarray(offset + start, offset + size));
  return fromData(copy, dtype, [stretch]);
}
