import { type KinshipBuilder, precisionGraph, requireDistinct } from "./kinship.js";
import { freshName } from "./mean.js";

/** All tasks are one: a single latent node that stands for each of them, seen or not. */
export function pooledKinship(): KinshipBuilder {
  return (tasks) => {
    requireDistinct(tasks, "pooledKinship");
    const all = freshName("all", tasks);
    return { kind: "pooled", tasks: [], latent: [all], precision: precisionGraph([1], []), root: all };
  };
}
