import { convolver } from "../compile/convolve.js";
import { fuse } from "../compile/fuse.js";
import { dropStores } from "../compile/plan.js";
import { record } from "../compile/record.js";
import { simplify } from "../compile/simplify.js";
import { dissect, fill, type Skeleton } from "../compile/skeleton.js";
import { verifyKernels } from "../compile/verify.js";
import type { Signature } from "../primitive.js";
import type { Tensor } from "../tensor.js";
import { isWritable } from "./language.js";
import { checkTypes, type DeviceProgram, lower } from "./lower.js";
import type { Packing } from "./packing.js";

export interface BuiltForDevice {
  readonly program: DeviceProgram;
  /** The structure of the result. */
  readonly output: Skeleton;
}

/** Records `f` for arguments of this structure and lowers it; `narrow` lets float64 be float32. @throws UnsupportedOnGpu */
export function buildForDevice(
  f: (...args: never[]) => unknown,
  skeleton: Skeleton,
  signatures: readonly Signature[],
  { narrow, packing }: { readonly narrow: boolean; readonly packing: Packing },
): BuiltForDevice {
  let output: Skeleton | undefined;
  const recorded = record((placeholders) => {
    const results: Tensor[] = [];
    output = dissect(f(...(fill(skeleton, placeholders) as never[])), results, "the result", "device.compile");
    return results;
  }, signatures);
  const simplified = simplify(recorded);
  if (!narrow) checkTypes(simplified);
  const kernels = dropStores(fuse(simplified, isWritable, convolver));
  verifyKernels(kernels);
  return { program: lower(kernels, packing), output: output! };
}
