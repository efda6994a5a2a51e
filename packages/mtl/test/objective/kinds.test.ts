import { grad } from "@kinship/autodiff";
import { concat, mul, normal, randomKey, softmax, sum, type Tensor, take, tensor, uniform } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binary, clustering, multiclass, regression, type TaskKind } from "../../src/index.js";
import { sharpened, softAssignments } from "../../src/objective/clustering.js";
import { kMeans } from "../../src/objective/k-means.js";
import { distance, expectGradient } from "../support/gradients.js";

const draw = (shape: readonly number[], seed = 3) => normal(randomKey(seed), shape, { dtype: "float64" });
const f64 = (values: number[]) => tensor(Float64Array.from(values));

/** The loss of outputs on labels, as training computes it. */
function lossOn(kind: TaskKind, output: Tensor, labels: Tensor, parameters: object = {}): Tensor {
  const encoded = kind.encode("t", labels, output.shape.slice(1), kind.fit("t", labels), "float64");
  return kind.loss({ output, ...encoded, parameters: parameters as never });
}

const labelled: readonly [string, TaskKind, number, (row: number) => number][] = [
  ["regression, squared", regression({ standardise: false }), 1, (row) => Math.sin(row)],
  ["regression, absolute", regression({ standardise: false, loss: "absolute" }), 1, (row) => Math.sin(row)],
  ["regression, Huber", regression({ standardise: false, loss: "huber", delta: 0.7 }), 1, (row) => 2 * Math.sin(row)],
  ["binary", binary(), 1, (row) => row % 2],
  ["binary, weighted and smoothed", binary({ positiveWeight: 3, labelSmoothing: 0.2 }), 1, (row) => row % 2],
  ["multiclass", multiclass({ classes: 3 }), 3, (row) => row % 3],
  [
    "multiclass, weighted and smoothed",
    multiclass({ classes: 3, classWeights: [1, 2, 5], labelSmoothing: 0.1 }),
    3,
    (row) => row % 3,
  ],
];

describe.each(labelled)("%s", (_, kind, outputs, label) => {
  const labels = f64(Array.from({ length: 9 }, (_, row) => label(row)));

  test("has the gradient of differences", () => {
    expectGradient((z: Tensor) => lossOn(kind, z, labels), draw([9, outputs]));
  });

  test("missing labels are as if their rows were left out", () => {
    const someKept = fc.tuple(fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }), fc.nat(8));
    fc.assert(
      fc.property(someKept, ([drawn, always]) => {
        const keep = drawn.map((is, row) => is || row === always);
        const kept = keep.flatMap((is, row) => (is ? [row] : []));
        const missing = keep.flatMap((is, row) => (is ? [] : [row]));
        const z = draw([9, outputs]);
        const masked = f64(Array.from({ length: 9 }, (_, row) => (keep[row] ? label(row) : Number.NaN)));
        const few = take(labels, kept);
        expect(lossOn(kind, z, masked).item()).toBeCloseTo(lossOn(kind, take(z, kept), few).item(), 12);
        const gradient = grad((z: Tensor) => lossOn(kind, z, masked))(z);
        const expected = grad((z: Tensor) => lossOn(kind, z, few))(take(z, kept));
        expect(distance(take(gradient, kept), expected)).toBeLessThan(1e-12);
        if (missing.length > 0) expect(sum(mul(take(gradient, missing), take(gradient, missing))).item()).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test("a batch without a label has loss 0 and gradient 0", () => {
    const encoded = kind.encode("t", f64([Number.NaN, Number.NaN]), [outputs], kind.fit("t", labels), "float64");
    const loss = (z: Tensor) => kind.loss({ output: z, ...encoded, parameters: {} });
    expect(loss(draw([2, outputs])).item()).toBe(0);
    expect(distance(grad(loss)(draw([2, outputs])), mul(draw([2, outputs]), 0))).toBe(0);
  });
});

describe("weights of classes are repeated rows", () => {
  const repeat = (z: Tensor, labels: number[], weights: readonly number[]) => {
    const rows = labels.flatMap((label, row) => new Array<number>(weights[label]!).fill(row));
    return { z: take(z, rows), labels: f64(rows.map((row) => labels[row]!)) };
  };

  test.each([0, 0.3])("multiclass, smoothing %s", (labelSmoothing) => {
    const labels = [0, 1, 2, 2, 0, 1, 1];
    const z = draw([7, 3]);
    const classWeights = [1, 4, 2];
    const repeated = repeat(z, labels, classWeights);
    const weighted = lossOn(multiclass({ classes: 3, classWeights, labelSmoothing }), z, f64(labels));
    const plain = lossOn(multiclass({ classes: 3, labelSmoothing }), repeated.z, repeated.labels);
    expect(weighted.item()).toBeCloseTo(plain.item(), 12);
  });

  test.each([0, 0.3])("binary, smoothing %s", (labelSmoothing) => {
    const labels = [0, 1, 1, 0, 1];
    const z = draw([5, 1]);
    const repeated = repeat(z, labels, [1, 3]);
    const weighted = lossOn(binary({ positiveWeight: 3, labelSmoothing }), z, f64(labels));
    expect(weighted.item()).toBeCloseTo(lossOn(binary({ labelSmoothing }), repeated.z, repeated.labels).item(), 12);
  });
});

describe("written out", () => {
  test("the cross-entropy is −log of the probability of what happened", () => {
    const z = draw([4, 3]);
    const p = softmax(z).toArray() as number[][];
    const labels = [2, 0, 1, 1];
    const expected = labels.reduce((t, label, row) => t - Math.log(p[row]![label]!) / 4, 0);
    expect(lossOn(multiclass({ classes: 3 }), z, f64(labels)).item()).toBeCloseTo(expected, 12);
  });

  test("a binary task is a multiclass task with two classes, whose logits differ by its own", () => {
    const z = draw([6, 1]);
    const labels = f64([0, 1, 1, 0, 1, 0]);
    const two = concat([mul(z, 0), z], 1);
    for (const smooth of [{}, { labelSmoothing: 0.2 }])
      expect(lossOn(binary(smooth), z, labels).item()).toBeCloseTo(
        lossOn(multiclass({ classes: 2, ...smooth }), two, labels).item(),
        12,
      );
  });

  test("extreme logits neither overflow nor lose the loss", () => {
    expect(lossOn(binary(), tensor([[-800], [800]], { dtype: "float64" }), f64([1, 1])).item()).toBeCloseTo(400, 9);
    expect(lossOn(multiclass({ classes: 2 }), tensor([[0, 1e4]], { dtype: "float64" }), f64([0])).item()).toBe(1e4);
  });

  test("Huber's loss is half the square within δ and linear beyond", () => {
    const kind = regression({ loss: "huber", delta: 2, standardise: false });
    expect(lossOn(kind, tensor([[1]], { dtype: "float64" }), f64([0])).item()).toBe(0.5);
    expect(lossOn(kind, tensor([[-5]], { dtype: "float64" }), f64([0])).item()).toBe(2 * (5 - 1));
  });
});

describe("regression's scales", () => {
  test("of labels as they are, of one label, and of labels that are all alike, change no unit", () => {
    const z = tensor([[3], [5]], { dtype: "float64" });
    for (const [kind, labels, mean] of [
      [regression({ standardise: false }), [3, 7], 0],
      [regression(), [4, Number.NaN], 4],
      [regression(), [4, 4], 4],
    ] as const) {
      const scaling = kind.fit("t", f64([...labels]));
      const { target } = kind.encode("t", f64([...labels]), [1], scaling, "float64");
      expect(target.get(0, 0)).toBe(labels[0] - mean);
      expect(kind.predict(z, {}, scaling).toArray()).toEqual([[3 + mean], [5 + mean]]);
    }
  });

  test("of labels that hardly vary too are their standard deviation", () => {
    const labels = f64([0.1, 0.3]);
    const { target } = regression().encode("t", labels, [1], regression().fit("t", labels), "float64");
    for (const [row, expected] of [-1, 1].entries()) expect(target.get(row, 0)).toBeCloseTo(expected, 9);
  });

  test("Huber's loss turns linear at one standard deviation unless told otherwise", () => {
    const z = tensor([[0.95], [4]], { dtype: "float64" });
    const [plain, told] = [{}, { delta: 1 }].map((options) =>
      lossOn(regression({ loss: "huber", standardise: false, ...options }), z, f64([0, 0])).item(),
    );
    expect(plain).toBe(told);
    expect(plain).toBeCloseTo((0.95 ** 2 / 2 + 3.5) / 2, 12);
  });

  test("come from the known labels, and predictions go back to their units", () => {
    const kind = regression();
    const labels = f64([10, Number.NaN, 14, 18]);
    const scaling = kind.fit("t", labels) as { mean: Tensor; scale: Tensor };
    expect(scaling.mean.toArray()).toEqual([14]);
    expect(scaling.scale.get(0)).toBeCloseTo(Math.sqrt(32 / 3), 12);
    const { target, mask } = kind.encode("t", labels, [1], scaling, "float64");
    expect(mask.toArray()).toEqual([[1], [0], [1], [1]]);
    const back = kind.predict(target, {}, scaling);
    for (const [row, label] of [
      [0, 10],
      [2, 14],
      [3, 18],
    ] as const)
      expect(back.get(row, 0)).toBeCloseTo(label, 12);
  });

  test("labels that are all alike, and several labels a row", () => {
    const kind = regression();
    const alike = kind.encode("t", f64([3, 3]), [1], kind.fit("t", f64([3, 3])), "float64");
    expect(alike.target.toArray()).toEqual([[0], [0]]);
    const two = tensor(
      [
        [1, 5],
        [Number.NaN, 7],
      ],
      { dtype: "float64" },
    );
    expect(kind.encode("t", two, [2], kind.fit("t", two), "float64").mask.toArray()).toEqual([
      [1, 1],
      [0, 1],
    ]);
  });
});

describe("impossible labels are refused with the task and the row", () => {
  test.each([
    [
      () => binary().fit("sold", f64([0, 2])),
      'task "sold", row 1: the label is 2, expected a whole number from 0 to 1',
    ],
    [() => binary().encode("sold", f64([2]), [1], {}, "float64"), 'task "sold", row 0: the label is 2'],
    [
      () => multiclass({ classes: 3 }).encode("kind", f64([3]), [3], {}, "float64"),
      'task "kind", row 0: the label is 3',
    ],
    [() => multiclass({ classes: 3 }).fit("kind", f64([0.5])), 'task "kind", row 0: the label is 0.5'],
    [() => regression().fit("price", f64([1, 1 / 0])), 'task "price": a label is infinite'],
    [() => regression().fit("price", f64([Number.NaN])), 'task "price" has no label in any training row'],
    [
      () => multiclass({ classes: 3 }).checkOutput("kind", [4]),
      'task "kind" has 3 classes, and its head gives shape [4]',
    ],
    [() => multiclass({ classes: 3, classWeights: [1] }), "multiclass: 1 class weights for 3 classes"],
    [() => binary({ labelSmoothing: 1 }), "binary: labelSmoothing must be in [0, 1), not 1"],
  ])("%#", (act, message) => {
    expect(act).toThrow(message);
  });
});

describe("clustering", () => {
  test("counts from the start unless told otherwise, and is measured by the most likely cluster", () => {
    expect(clustering({ clusters: 2 }).settle!.afterEpoch).toBe(0);
    const memberships = tensor(
      [
        [0.1, 0.9],
        [0.2, 0.8],
        [0.7, 0.3],
        [0.6, 0.4],
      ],
      { dtype: "float64" },
    );
    const { measure } = clustering({ clusters: 2 });
    expect(measure(memberships, f64([4, 4, 7, 7])).adjustedRandIndex).toBe(1);
    expect(measure(memberships, f64([4, 7, 4, 7])).adjustedRandIndex).toBeLessThan(0);
  });

  const z = draw([8, 2]);
  const centroids = draw([3, 2], 5);
  const everything = f64(new Array(8).fill(1));
  const none = f64(new Array(8).fill(Number.NaN));

  test("soft assignments and their sharpened form are equations 1 and 3 of their paper", () => {
    const rows = z.toArray() as number[][];
    const means = centroids.toArray() as number[][];
    const kernel = rows.map((r) => means.map((m) => 1 / (1 + (r[0]! - m[0]!) ** 2 + (r[1]! - m[1]!) ** 2)));
    const shares = (row: number[]) => row.map((v) => v / row.reduce((a, b) => a + b, 0));
    const q = kernel.map(shares);
    const found = softAssignments(z, centroids);
    expect(distance(found, tensor(q, { dtype: "float64" }))).toBeLessThan(1e-12);
    const frequency = means.map((_, j) => q.reduce((t, row) => t + row[j]!, 0));
    const p = q.map((row) => shares(row.map((v, j) => v ** 2 / frequency[j]!)));
    expect(distance(sharpened(found, everything), tensor(p, { dtype: "float64" }))).toBeLessThan(1e-12);
    const divergence = p.reduce((t, row, i) => t + row.reduce((s, v, j) => s + v * Math.log(v / q[i]![j]!), 0) / 8, 0);
    expect(lossOn(clustering({ clusters: 3 }), z, none, { centroids }).item()).toBeCloseTo(divergence, 12);
  });

  test("moves the embedding and the centroids by the paper's equations 4 and 5", () => {
    const kind = clustering({ clusters: 3 });
    const g = grad((all: { z: Tensor; centroids: Tensor }) => lossOn(kind, all.z, none, { centroids: all.centroids }))({
      z,
      centroids,
    });
    const q = softAssignments(z, centroids).toArray() as number[][];
    const p = sharpened(softAssignments(z, centroids), everything).toArray() as number[][];
    const [rows, means] = [z.toArray() as number[][], centroids.toArray() as number[][]];
    // With one degree of freedom (α + 1)/α = 2; the loss here is a mean over rows.
    const term = (i: number, j: number, k: number) => {
      const d = (rows[i]![0]! - means[j]![0]!) ** 2 + (rows[i]![1]! - means[j]![1]!) ** 2;
      return ((2 / (1 + d)) * (p[i]![j]! - q[i]![j]!) * (rows[i]![k]! - means[j]![k]!)) / 8;
    };
    const dz = rows.map((_, i) => [0, 1].map((k) => means.reduce((t, _, j) => t + term(i, j, k), 0)));
    const dm = means.map((_, j) => [0, 1].map((k) => -rows.reduce((t, _, i) => t + term(i, j, k), 0)));
    expect(distance(g.z, tensor(dz, { dtype: "float64" }))).toBeLessThan(1e-12);
    expect(distance(g.centroids, tensor(dm, { dtype: "float64" }))).toBeLessThan(1e-12);
  });

  test("k-means finds groups that stand apart, and its centroids are the means of their rows", () => {
    const group = (k: number) => mul(uniform(randomKey(k), [20, 2], { dtype: "float64" }), 0.5);
    const place = (k: number) => tensor(new Float64Array(20).fill(10 * k), { shape: [20, 1] });
    const x = concat([0, 1, 2].map((k) => concat([place(k), group(k)], 1)));
    const found = kMeans(x, 3, 1).toArray() as number[][];
    expect(found.map((c) => Math.round(c[0]!)).sort((a, b) => a - b)).toEqual([0, 10, 20]);
    for (const c of found) {
      const rows = (x.toArray() as number[][]).filter((r) => Math.abs(r[0]! - c[0]!) < 1);
      for (let k = 0; k < 3; k++)
        expect(c[k]).toBeCloseTo(
          rows.reduce((t, r) => t + r[k]! / 20, 0),
          12,
        );
    }
    expect(() => kMeans(draw([2, 2]), 3, 1)).toThrow("kMeans: 2 rows for 3 clusters");
  });
});
