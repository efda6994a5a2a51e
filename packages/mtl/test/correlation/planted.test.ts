import {
  adjustedRandIndex,
  createRandom,
  crossCorrelation,
  fitKNorm,
  groupTasks,
  identityKinship,
  linearAffinity,
  meanKinship,
  outerCorrelation,
  pooledKinship,
  predictTask,
  spectralGroups,
  type Task,
} from "@kinship/mtl";
import { describe, expect, test } from "vitest";

/** Which group each task is of. */
const planted = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];
const width = 8;

/** Tasks of a group have like weights, like mean features and like descriptors. */
function draw(seed: number, apart = 1) {
  const random = createRandom(seed);
  const even = () => random() + random() + random() - 1.5;
  const vector = (size: number) => Array.from({ length: size }, even);
  const centres = [0, 1, 2].map(() => ({
    w: vector(width),
    x: vector(width).map((value) => apart * value),
    z: vector(width),
  }));
  const near = (centre: readonly number[], spread: number) => centre.map((value) => value + spread * even());
  const descriptors = planted.map((group) => near(centres[group]!.z, 0.2));
  const tasks = planted.map((group, t): Task & { x: number[][]; y: number[] } => {
    const w = near(centres[group]!.w, 0.2);
    const x = Array.from({ length: 30 }, () => near(centres[group]!.x, 1));
    return { name: `t${t}`, x, y: x.map((row) => row.reduce((sum, v, k) => sum + v * w[k]!, 0.3 * even())) };
  });
  const common = Array.from({ length: 40 }, () => vector(width));
  return { tasks, descriptors, common };
}

function agreement(groups: readonly (readonly number[])[]): number {
  const found = new Int32Array(planted.length);
  for (const [group, members] of groups.entries()) for (const task of members) found[task] = group;
  return adjustedRandIndex(found, planted);
}

describe.each([1, 2, 3])("planted groups are recovered, draw %i", (seed) => {
  const { tasks, descriptors, common } = draw(seed);
  const alone = fitKNorm({ tasks, kinship: identityKinship(), lambda: 1, intercept: "free" });
  const all = fitKNorm({ tasks, kinship: meanKinship(), lambda: 1e6, intercept: "none" });
  /** Inputs alike: else what differs most between gradients is where inputs lie. */
  const level = draw(seed, 0).tasks;
  /** Xᵀ r: what each task's loss asks of the weights that all share. */
  const shared = fitKNorm({ tasks: level, kinship: meanKinship(), lambda: 1e6, intercept: "none" });
  const gradients = level.map(({ name, x, y }) => {
    const predicted = predictTask(shared, name, x);
    return x[0]!.map((_, k) => x.reduce((sum, row, i) => sum + row[k]! * (predicted[i]! - y[i]!), 0));
  });
  const predictions = tasks.map(({ name }) => predictTask(alone, name, common));

  test.each<[string, readonly ArrayLike<number>[]]>([
    ["weights", tasks.map((_, t) => alone.weights.subarray(t * width, (t + 1) * width))],
    ["gradients", gradients],
    ["mean features", tasks.map(({ x }) => x[0]!.map((_, k) => x.reduce((sum, row) => sum + row[k]! / 30, 0)))],
    ["predictions on common inputs", predictions],
    [
      "residuals on common inputs",
      predictions.map((row) => row.map((value, i) => value - predictTask(all, "(mean)", common)[i]!)),
    ],
    ["descriptors", descriptors],
  ])("from %s, by the outer and by the cross product", (_, vectors) => {
    const rows = vectors.map((vector) => Array.from(vector));
    expect(agreement(spectralGroups(outerCorrelation(rows, "cosine"), { groups: 3 }))).toBe(1);
    const kin = crossCorrelation(rows).sines.map((value) => (1 - value) ** 2);
    expect(agreement(spectralGroups(kin, { groups: 3 }))).toBeGreaterThan(0.7);
  });

  test("by affinity: what a step for one task does to the losses of the others", () => {
    const pooled = fitKNorm({
      tasks: [{ name: "all", x: level.flatMap(({ x }) => x), y: level.flatMap(({ y }) => y) }],
      kinship: identityKinship(),
      lambda: 1,
      intercept: "free",
    });
    const common = { ...pooled, method: "pooled" as const, kinship: pooledKinship()(level.map(({ name }) => name)) };
    const affinity = linearAffinity(common, level);
    expect(agreement(groupTasks(affinity, 3).groups)).toBe(1);
  });
});
