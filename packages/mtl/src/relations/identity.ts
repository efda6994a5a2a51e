import { type KinshipBuilder, precisionGraph, requireDistinct } from "./kinship.js";

/** K = I: tasks share nothing but λ. Single-task ridge. */
export function identityKinship(): KinshipBuilder {
  return (tasks) => {
    requireDistinct(tasks, "identityKinship");
    const precision = precisionGraph(new Float64Array(tasks.length).fill(1), []);
    return { kind: "identity", tasks, latent: [], precision, root: null };
  };
}
