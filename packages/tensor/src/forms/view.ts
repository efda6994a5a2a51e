import type { Layout } from "../layout.js";
import type { Primitive, Sample, Signature, Site } from "../primitive.js";
import { contiguousTensor, type Tensor, viewOf } from "../tensor.js";

export interface ViewDeclaration<P> {
  /** The shape that is seen, and the errors of wrong parameters. */
  shape(input: Signature, params: P): readonly number[];
  /** The same memory under the new shape; undefined where strides cannot say it. */
  restride(layout: Layout, params: P): Layout | undefined;
  /** The transpose of the view, or "stop" for a view that derivatives do not pass. */
  readonly adjoint: ((cotangent: Tensor, site: Site<P>) => Tensor) | "stop";
  readonly samples: readonly Sample<P>[];
}

/** A primitive that reads the same memory otherwise. It copies only where strides cannot say the result. */
export function viewPrimitive<P>(
  name: string,
  { shape, restride, adjoint, samples }: ViewDeclaration<P>,
): Primitive<P> {
  return {
    name,
    form: { kind: "view", restride },
    derivative:
      adjoint === "stop"
        ? { kind: "zero", stops: true }
        : { kind: "linear", adjoint: (g, _, site) => adjoint(g, site) },
    samples,
    infer: ([x], params) => ({ shape: shape(x, params), dtype: x.dtype }),
    evaluate([x], _, params) {
      const layout = restride(x, params);
      if (layout) return viewOf(x, layout);
      const copy = contiguousTensor(x);
      return viewOf(copy, restride(copy, params)!);
    },
  };
}
