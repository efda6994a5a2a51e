import type { Tensor } from "@kinship/tensor";
import { type Adaptor, adaptor } from "../harness/adaptor.js";
import { peer } from "../harness/peer.js";

export interface Kinship extends Adaptor<Tensor> {
  readonly ops: typeof import("@kinship/tensor");
  readonly autodiff: typeof import("@kinship/autodiff");
  readonly mtl: typeof import("@kinship/mtl");
}

/** Each operation on its own, as it is called. */
export const kinship = peer({
  name: "kinship",
  origin: "ours",
  library: "kinship",
  packages: ["@kinship/tensor", "@kinship/autodiff", "@kinship/mtl"],
  async load() {
    const ops = await import("@kinship/tensor");
    const autodiff = await import("@kinship/autodiff");
    const mtl = await import("@kinship/mtl");
    return {
      ops,
      autodiff,
      mtl,
      ...adaptor<Tensor>({
        from: ({ data, shape }) => ops.tensor(data, { shape }),
        read: (result) => result.toTypedArray(),
      }),
    };
  },
});
