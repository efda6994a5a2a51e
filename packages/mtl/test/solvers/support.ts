import { createRandom, type LabelledTask, type LinearModel, type Regularizer } from "@kinship/mtl";

/** Tasks with weights near a common vector, and scores turned to labels by `label`. */
export function randomTasks(
  { tasks, rows, features, seed = 1 }: { tasks: number; rows: number; features: number; seed?: number },
  label: (score: number, noise: number) => number = (score, noise) => score + noise / 4,
): LabelledTask[] {
  const random = createRandom(seed);
  const normal = () => random() + random() + random() + random() - 2;
  const common = Array.from({ length: features }, normal);
  return Array.from({ length: tasks }, (_, t) => {
    const own = common.map((value) => value + normal() / 3);
    const x = Array.from({ length: rows + t }, () => own.map(normal));
    const y = x.map((row) =>
      label(
        row.reduce((sum, value, j) => sum + value * own[j]!, 0),
        normal(),
      ),
    );
    return { name: `t${t}`, x, y };
  });
}

export const weightsOf = ({ weights, kinship, features }: LinearModel, outputs = 1): Float64Array =>
  weights.slice(0, kinship.tasks.length * features.length * outputs);

/** Σ α s (⟨w, x⟩ + b − y)² + λ Ω(W), term by term from the definition. */
export function squaredObjective(
  tasks: readonly LabelledTask[],
  regularizer: Regularizer,
  lambda: number,
  weights: Float64Array,
  intercepts: Float64Array,
): number {
  const width = weights.length / tasks.length;
  let total = lambda * regularizer.on({ tasks: tasks.map(({ name }) => name), width }).value(weights);
  for (const [t, { x, y, weight = 1, sampleWeights }] of tasks.entries()) {
    for (const [i, row] of (x as number[][]).entries()) {
      const target = (y as number[])[i]!;
      if (Number.isNaN(target)) continue;
      let score = intercepts[t]!;
      for (const [j, value] of row.entries()) score += value * weights[t * width + j]!;
      total += weight * ((sampleWeights as number[] | undefined)?.[i] ?? 1) * (score - target) ** 2;
    }
  }
  return total;
}
