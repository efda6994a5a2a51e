import { peer } from "../harness/peer.js";
import * as kernels from "../limits/kernels.js";

export type Machine = typeof kernels;

/** No library: the limits, measured by the same harness in the same run. */
export const machine = peer({
  name: "machine",
  origin: "machine",
  library: "machine",
  packages: [],
  load: async () => kernels,
});
