import { peer } from "../harness/peer.js";

export interface Kinship {
  readonly tensor: typeof import("@kinship/tensor");
  readonly autodiff: typeof import("@kinship/autodiff");
}

const packages = ["@kinship/tensor", "@kinship/autodiff"];

/** Each operation on its own, as it is called. */
export const kinship = peer({
  name: "kinship",
  origin: "ours",
  library: "kinship",
  packages,
  load: async () => ({ tensor: await import("@kinship/tensor"), autodiff: await import("@kinship/autodiff") }),
});

export type KinshipCompiled = Kinship;

/** The whole computation as one WebAssembly module. */
export const kinshipCompiled = peer({
  name: "kinship compiled",
  origin: "ours",
  library: "kinshipCompiled",
  packages,
  load: async () => ({ tensor: await import("@kinship/tensor"), autodiff: await import("@kinship/autodiff") }),
});
