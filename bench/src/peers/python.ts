import type { ForeignPeer } from "../harness/peer.js";

/** Both on one thread; where Python has scikit-learn, numpy's row of the multi-task lasso is its solver. */
export const numpy: ForeignPeer = { name: "numpy", origin: "native", language: "python" };
export const torch: ForeignPeer = { name: "torch", origin: "native", language: "python" };
