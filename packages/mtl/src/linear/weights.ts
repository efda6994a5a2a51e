/** Slopes and intercepts apart, from [nodes, width] with the intercept last. */
export function splitWeights(weights: Float64Array, nodes: number, width: number, slopes: number) {
  const slopesOnly = new Float64Array(nodes * slopes);
  const intercepts = new Float64Array(nodes);
  for (let node = 0; node < nodes; node++) {
    slopesOnly.set(weights.subarray(node * width, node * width + slopes), node * slopes);
    if (width > slopes) intercepts[node] = weights[node * width + slopes]!;
  }
  return { weights: slopesOnly, intercepts };
}
