import {
  add,
  argmax,
  div,
  expandDims,
  log,
  maximum,
  mul,
  normal,
  ones,
  pow,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tensor,
} from "@kinship/tensor";
import { InputError } from "../errors.js";
import { adjustedRandIndex } from "../evaluate/clustering.js";
import { requireCount, show } from "../layers/layer.js";
import { kMeans } from "./k-means.js";
import type { TaskKind } from "./kind.js";
import { weightedMean } from "./labels.js";
import { describeKind, noScaling } from "./regression.js";

export interface ClusteringOptions {
  readonly clusters: number;
  /** Epochs before centroids are set by k-means and the loss counts; 0 unless given. */
  readonly warmUp?: number;
}

/** p log p is 0 where p underflowed to 0. */
const smallest = 1e-30;

type Centroids = { readonly centroids: Tensor };

/**
 * Rows in clusters, without labels: the head embeds, the kind's own centroids are trained with it. Soft assignments
 * q_ij ∝ (1 + |z_i − μ_j|²)⁻¹ are pulled to their own sharpened form p_ij ∝ q_ij² / Σ_i q_ij by KL(P‖Q) (Xie, Girshick &
 * Farhadi, Unsupervised deep embedding for clustering analysis, 2016, equations 1 to 3); the sums run over the batch, P
 * is a constant for derivatives. Labels, where given, are only measured against.
 */
export function clustering(options: ClusteringOptions): TaskKind {
  const { clusters, warmUp = 0 } = options;
  requireCount("clustering", "the number of clusters", clusters);
  return {
    kind: "clustering",
    description: describeKind("clustering", options),
    unlabelled: true,
    main: { measure: "adjustedRandIndex", better: "higher" },
    checkOutput(task, output) {
      if (output.length !== 1)
        throw new InputError(`task "${task}": a clustering's head must give [dimensions], found shape ${show(output)}`);
    },
    initialise: (key, output, dtype) => ({ centroids: normal(key, [clusters, output[0]!], { dtype }) }),
    fit: () => noScaling,
    encode: (_, labels, __, ___, dtype) => ({
      target: ones([labels.shape[0]!], dtype),
      mask: ones([labels.shape[0]!], dtype),
    }),
    loss({ output, mask, parameters }) {
      const q = softAssignments(output, (parameters as Centroids).centroids);
      const p = stopGradient(sharpened(q, mask));
      return weightedMean(sum(mul(p, sub(log(maximum(p, smallest)), log(q))), { axis: 1 }), mask);
    },
    predict: (output, parameters) => softAssignments(output, (parameters as Centroids).centroids),
    measure: (predicted, labels) => ({
      adjustedRandIndex: adjustedRandIndex(argmax(predicted, { axis: 1 }).toTypedArray(), labels.toTypedArray()),
    }),
    settle: {
      afterEpoch: warmUp,
      parameters: (outputs, parameters, seed) => ({
        centroids: tensor(kMeans(outputs, clusters, seed), { dtype: (parameters as Centroids).centroids.dtype }),
      }),
    },
  };
}

/** q of equation 1 with one degree of freedom, [rows, clusters]. */
export function softAssignments(z: Tensor, centroids: Tensor): Tensor {
  const distances = sum(square(sub(expandDims(z, 1), centroids)), { axis: 2 });
  const kernel = pow(add(distances, 1), -1);
  return div(kernel, sum(kernel, { axis: 1, keepDimensions: true }));
}

/** p of equation 3, [rows, clusters]; masked rows do not count among the frequencies. */
export function sharpened(q: Tensor, mask: Tensor): Tensor {
  const frequency = sum(mul(q, expandDims(mask, 1)), { axis: 0, keepDimensions: true });
  const weight = div(square(q), frequency);
  return div(weight, sum(weight, { axis: 1, keepDimensions: true }));
}
