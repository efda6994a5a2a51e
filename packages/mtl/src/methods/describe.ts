import { clustered } from "../regularizers/clustered.js";
import { dirty, robust, sparseLowRank } from "../regularizers/decompositions.js";
import { elasticNet } from "../regularizers/elastic-net.js";
import { graphFused, orderedTasks } from "../regularizers/graph-fused.js";
import { jointFeatures } from "../regularizers/joint-features.js";
import { kNorm } from "../regularizers/k-norm.js";
import { lasso } from "../regularizers/lasso.js";
import { maxNorms } from "../regularizers/max-norms.js";
import { mtlFeat } from "../regularizers/mtl-feat.js";
import type { AnyRegularizer, Regularizer } from "../regularizers/regularizer.js";
import { ridge } from "../regularizers/ridge.js";
import { split } from "../regularizers/split.js";
import { sumOfRegularizers } from "../regularizers/sum.js";
import { taskNorms } from "../regularizers/task-norms.js";
import { traceNorm } from "../regularizers/trace-norm.js";
import type { Kinship, KinshipBuilder } from "../relations/kinship.js";

/** Those that have no options. */
export type PlainRegularizer =
  | "ridge"
  | "lasso"
  | "joint-features"
  | "max-norms"
  | "task-norms"
  | "trace-norm"
  | "mtl-feat";

/** A regularizer of this library that splits nothing, as plain data, which can be sent to another thread. */
export type SingleDescription =
  | { readonly name: PlainRegularizer }
  | { readonly name: "elastic-net"; readonly ratio?: number }
  | { readonly name: "clustered"; readonly clusters: number; readonly spread?: number }
  | { readonly name: "graph-fused"; readonly edges: readonly (readonly [a: string, b: string, weight?: number])[] }
  | { readonly name: "ordered-tasks"; readonly order?: readonly string[] }
  /** A builder is called for the tasks at hand; it cannot be sent, what it builds can. */
  | { readonly name: "k-norm"; readonly kinship: KinshipBuilder | Kinship };

/** What multiplies a part of a sum or a split beside λ is 1 unless given. */
export interface PartDescription {
  readonly regularizer: SingleDescription;
  readonly weight?: number;
}

/** Any regularizer of this library, as plain data. */
export type RegularizerDescription =
  | SingleDescription
  | { readonly name: "dirty" | "robust" | "sparse-low-rank"; readonly own?: number }
  | { readonly name: "sum" | "split"; readonly parts: readonly PartDescription[] };

export function regularizerOf(description: RegularizerDescription): AnyRegularizer {
  switch (description.name) {
    case "dirty":
      return dirty(description);
    case "robust":
      return robust(description);
    case "sparse-low-rank":
      return sparseLowRank(description);
    case "sum":
      return sumOfRegularizers(description.parts.map(weightedPart));
    case "split":
      return split(description.parts.map(weightedPart));
    default:
      return singleOf(description);
  }
}

const weightedPart = ({ regularizer, ...weight }: PartDescription) => ({
  regularizer: singleOf(regularizer),
  ...weight,
});

function singleOf(description: SingleDescription): Regularizer {
  switch (description.name) {
    case "ridge":
      return ridge();
    case "lasso":
      return lasso();
    case "joint-features":
      return jointFeatures();
    case "max-norms":
      return maxNorms();
    case "task-norms":
      return taskNorms();
    case "trace-norm":
      return traceNorm();
    case "mtl-feat":
      return mtlFeat();
    case "elastic-net":
      return elasticNet(description);
    case "clustered":
      return clustered(description);
    case "graph-fused":
      return graphFused(description);
    case "ordered-tasks":
      return orderedTasks(description);
    case "k-norm": {
      const { kinship } = description;
      return kNorm(typeof kinship === "function" ? kinship : () => kinship);
    }
  }
}
