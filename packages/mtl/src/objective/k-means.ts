import { type Tensor, tensor } from "@kinship/tensor";
import { createRandom, type Random } from "../data/random.js";
import { InputError } from "../errors.js";

/**
 * Centroids of the rows of x, [clusters, dimensions] in float64: Lloyd's iterations to their fixed point from starts by
 * k-means++ (Arthur & Vassilvitskii, 2007); the best of five starts.
 * @throws InputError for fewer rows than clusters.
 */
export function kMeans(x: Tensor, clusters: number, seed: number): Tensor {
  const [rows, dimensions] = x.shape as [number, number];
  if (rows < clusters) throw new InputError(`kMeans: ${rows} rows for ${clusters} clusters`);
  const data = Float64Array.from(x.toTypedArray());
  const random = createRandom(seed);
  let best: { readonly inertia: number; readonly centroids: Float64Array } | undefined;
  for (let start = 0; start < 5; start++) {
    const found = lloyd(data, rows, dimensions, spreadStart(data, rows, dimensions, clusters, random));
    if (!best || found.inertia < best.inertia) best = found;
  }
  return tensor(best!.centroids, { shape: [clusters, dimensions] });
}

function squaredDistance(data: Float64Array, row: number, centroids: Float64Array, cluster: number, d: number): number {
  let total = 0;
  for (let k = 0; k < d; k++) total += (data[row * d + k]! - centroids[cluster * d + k]!) ** 2;
  return total;
}

/** Each next centroid is a row drawn with probability proportional to its squared distance from those before. */
function spreadStart(data: Float64Array, rows: number, d: number, clusters: number, random: Random): Float64Array {
  const centroids = new Float64Array(clusters * d);
  const nearest = new Float64Array(rows).fill(1);
  for (let cluster = 0; cluster < clusters; cluster++) {
    const total = nearest.reduce((a, b) => a + b, 0);
    let left = random() * total;
    let row = 0;
    while (row < rows - 1 && left >= nearest[row]!) left -= nearest[row++]!;
    centroids.set(data.subarray(row * d, (row + 1) * d), cluster * d);
    for (let r = 0; r < rows; r++) {
      const distance = squaredDistance(data, r, centroids, cluster, d);
      nearest[r] = cluster === 0 ? distance : Math.min(nearest[r]!, distance);
    }
  }
  return centroids;
}

function lloyd(data: Float64Array, rows: number, d: number, centroids: Float64Array) {
  const clusters = centroids.length / d;
  const assigned = new Int32Array(rows).fill(-1);
  for (;;) {
    let changed = false;
    let inertia = 0;
    const sums = new Float64Array(centroids.length);
    const counts = new Int32Array(clusters);
    for (let row = 0; row < rows; row++) {
      let nearest = 0;
      let distance = Number.POSITIVE_INFINITY;
      for (let cluster = 0; cluster < clusters; cluster++) {
        const found = squaredDistance(data, row, centroids, cluster, d);
        if (found < distance) [nearest, distance] = [cluster, found];
      }
      changed ||= assigned[row] !== nearest;
      assigned[row] = nearest;
      inertia += distance;
      counts[nearest]!++;
      for (let k = 0; k < d; k++) sums[nearest * d + k]! += data[row * d + k]!;
    }
    if (!changed) return { inertia, centroids };
    for (let cluster = 0; cluster < clusters; cluster++) {
      // A cluster that lost all its rows stays where it was.
      if (counts[cluster] === 0) continue;
      for (let k = 0; k < d; k++) centroids[cluster * d + k] = sums[cluster * d + k]! / counts[cluster]!;
    }
  }
}
