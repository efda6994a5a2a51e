import {
  type Balancer,
  balance,
  balancers,
  correlationSoftmax,
  correlationWeights,
  gradNorm,
  gradVac,
  moCo,
  moDo,
  pcGrad,
  sdmGrad,
  sgd,
} from "@kinship/mtl";
import { leaves, mapLeaves, type Structure, type Tensor, tensor } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combine, directionOf, dot, expectNear, gramianOf, lengthOf, tensorsOf } from "../support/jacobians.js";

const all = Object.entries(balancers) as [string, () => Balancer][];

/** Five tasks, six parameters in two tensors, another gradient each round. */
const gradientsAt = (round: number) =>
  Array.from({ length: 5 }, (_, task) => ({
    w: tensor(
      Float64Array.from({ length: 4 }, (_, k) => Math.sin(1 + task * 1.7 + k * 2.3 + round * 0.9)),
      { shape: [2, 2] },
    ),
    b: [tensor(Float64Array.of(Math.cos(task + round), Math.cos(2 * task - round)))],
  }));
const lossesAt = (round: number) => Array.from({ length: 5 }, (_, task) => 1 + task + 1 / (1 + round));
const parameters = gradientsAt(0)[0]!;

/** One round of any method: what it gave, as numbers. */
function round(balancer: Balancer, state: Structure, k: number): { state: Structure; numbers: number[] } {
  const losses = lossesAt(k);
  if (balancer.kind === "losses") {
    const found = balancer.weigh(state, losses);
    const after = balancer.observe ? balancer.observe(found.state, lossesAt(k + 1)) : found.state;
    return { state: after, numbers: [...found.weights, found.value] };
  }
  const found = balance(balancer, state, {
    gradients: gradientsAt(k),
    losses,
    independent: [gradientsAt(k + 10), gradientsAt(k + 20)],
  });
  return { state: found.state, numbers: leaves("test", found.direction).flatMap((leaf) => [...leaf.toTypedArray()]) };
}

/** As a file would have it: the numbers of each leaf, and nothing else. */
const saved = (state: Structure) =>
  mapLeaves("test", state, (leaf) => tensor(leaf.toTypedArray().slice(), { shape: leaf.shape }));

describe.each(all)("%s", (name, make) => {
  test("is named as it is listed, and says what it needs", () => {
    const balancer = make();
    expect(balancer.name).toBe(name);
    const state = balancer.kind === "jacobian" ? balancer.start(5, parameters) : balancer.start(5);
    // Whoever draws has a key, and nobody else has.
    const keys = leaves("test", state).filter((leaf) => leaf.dtype === "int32");
    expect(keys.length > 0).toBe(balancer.needs.random === true);
  });

  test("goes on from a saved state to the same bits, and changes nothing that it was given", () => {
    const balancer = make();
    let state: Structure = balancer.kind === "jacobian" ? balancer.start(5, parameters) : balancer.start(5);
    for (let k = 0; k < 3; k++) state = round(balancer, state, k).state;
    let other = saved(state) as Structure;
    const before = leaves("test", state).map((leaf) => [...leaf.toTypedArray()]);
    for (let k = 3; k < 6; k++) {
      const [a, b] = [round(balancer, state, k), round(make(), other, k)];
      expect(b.numbers).toEqual(a.numbers);
      for (const value of a.numbers) expect(Number.isFinite(value)).toBe(true);
      if (k === 3) expect(leaves("test", state).map((leaf) => [...leaf.toTypedArray()])).toEqual(before);
      state = a.state;
      other = b.state;
    }
  });
});

describe("random orders", () => {
  const rows = [
    [1, 0, 2],
    [-2, 1, 0],
    [0, -3, -1],
    [1, 1, -4],
  ];
  test.each([
    ["pcGrad", pcGrad],
    ["gradVac", gradVac],
  ] as const)("%s draws another order each step and by each seed", (_, method) => {
    const directions = new Set<string>();
    for (let seed = 0; seed < 12; seed++)
      directions.add(String(directionOf(method({ seed }) as ReturnType<typeof pcGrad>, rows).direction));
    expect(directions.size).toBeGreaterThan(1);
  });
});

describe("methods that follow", () => {
  const rows = [
    [3, 1],
    [-1, 2],
  ];
  const products = gramianOf(rows);

  test("MoDo on the full data comes to the minimum norm", () => {
    const method = moDo({ rate: 0.02 });
    let state = method.start(2);
    for (let k = 0; k < 2000; k++) state = method.weigh(state, { gramian: products, crossGramian: products }).state;
    // min |w g₁ + (1 − w) g₂|²: w = ⟨g₂, g₂ − g₁⟩/|g₁ − g₂|² = (5 + 1)/17.
    expect(state.weights.get(0)).toBeCloseTo(6 / 17, 8);
  });

  test("regularisation keeps the weights of MoDo and MoCo even: one step by hand", () => {
    const uneven = { weights: tensor(Float64Array.of(0.8, 0.2)) };
    const byProducts = moDo({ rate: 0.1, regularization: 2 });
    const { weights } = byProducts.weigh(uneven, { gramian: products, crossGramian: products });
    // C·w = (10·0.8 − 0.2, −0.8 + 5·0.2) = (7.8, 0.2), and 2w; w less a tenth: (−0.14, 0.14), on the simplex (0.36, 0.64).
    expect(weights[0]!).toBeCloseTo(0.36, 12);
    const byTracking = moCo({ tracking: 1, rate: 0.1, regularization: 2 });
    const gradients = tensorsOf(rows);
    const { tracked } = byTracking.start(2, gradients[0]!);
    const found = balance(byTracking, { ...uneven, tracked }, { gradients });
    expect(found.weights![0]!).toBeCloseTo(0.36, 12);
  });

  test("SDMGrad: one step by hand", () => {
    const method = sdmGrad({ preference: 1, rate: 0.1 });
    const { state, weights } = method.weigh(method.start(2), { gramian: products, crossGramian: products });
    // w + λ/m = (1, 1); C·(1, 1) = (10 − 1, −1 + 5); w − 0.1·(9, 4) = (−0.4, 0.1), on the simplex (0.25, 0.75).
    expect(state.weights.get(0)).toBeCloseTo(0.25, 12);
    expect(weights[0]!).toBeCloseTo((0.25 + 0.5) / 2, 12);
    expect(weights[1]!).toBeCloseTo((0.75 + 0.5) / 2, 12);
  });

  test("weights on the simplex stay there when gradients are huge", () => {
    const rows = [
      [3e15, 4e15],
      [3e15, 4e15],
      [-1e15, 0],
    ];
    const gramian = gramianOf(rows);
    for (const method of [moDo(), sdmGrad()]) {
      const { weights } = method.weigh(method.start(3), { gramian, crossGramian: gramian });
      expect(weights[0]! + weights[1]! + weights[2]!).toBeCloseTo(1, 12);
    }
  });

  test("both ask for independent batches", () => {
    expect(() => moDo().weigh(moDo().start(2), { gramian: products })).toThrow(/two independent batches/);
    expect(() => balance(sdmGrad(), sdmGrad().start(2), { gradients: tensorsOf(rows) })).toThrow(/independent/);
  });

  test("GradNorm: one step by hand", () => {
    const method = gradNorm({ alpha: 1, optimizer: sgd({ learningRate: 0.1 }) });
    const lengths = rows.map(lengthOf);
    const first = method.weigh(method.start(2), { gramian: products, losses: [2, 4] });
    // The first round has progress 1 for all: the longer gradient loses, the shorter gains.
    const raw = [1 - 0.1 * lengths[0]!, 1 + 0.1 * lengths[1]!];
    const total = raw[0]! + raw[1]!;
    raw.forEach((w, i) => {
      expect(first.weights[i]!).toBeCloseTo((2 * w) / total, 12);
    });
    // Task 0 halves its loss, task 1 stays: r = (2/3, 4/3), and the targets follow.
    const second = method.weigh(first.state, { gramian: products, losses: [1, 4] });
    const own = lengths.map((length, i) => first.weights[i]! * length);
    const mean = (own[0]! + own[1]!) / 2;
    const signs = [Math.sign(own[0]! - (mean * 2) / 3), Math.sign(own[1]! - (mean * 4) / 3)];
    const moved = signs.map((sign, i) => first.weights[i]! - 0.1 * sign * lengths[i]!);
    moved.forEach((w, i) => {
      expect(second.weights[i]!).toBeCloseTo((2 * w) / (moved[0]! + moved[1]!), 12);
    });
    expect(() => gradNorm().weigh(gradNorm().start(2), { gramian: products })).toThrow(/needs the losses/);
  });

  test("GradNorm is equations 1 and 2 of its paper, written out", () => {
    const positive = fc.integer({ min: 1, max: 64 }).map((k) => k / 16);
    const round = fc.record({
      lengths: fc.array(positive, { minLength: 3, maxLength: 3 }),
      losses: fc.array(positive, { minLength: 3, maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(round, { minLength: 4, maxLength: 4 }), fc.constantFrom(0.5, 1.5, 2), (rounds, alpha) => {
        const rate = 0.02;
        const method = gradNorm({ alpha, optimizer: sgd({ learningRate: rate }) });
        let state = method.start(3);
        let weights = [1, 1, 1];
        for (const { lengths, losses } of rounds) {
          const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / 3;
          const own = weights.map((w, i) => w * lengths[i]!);
          const progress = losses.map((loss, i) => loss / rounds[0]!.losses[i]!);
          const targets = progress.map((value) => mean(own) * (value / mean(progress)) ** alpha);
          // |w_i|g_i| − target| has no slope where it is 0: rounding would decide.
          fc.pre(own.every((value, i) => Math.abs(value - targets[i]!) > 1e-9));
          const moved = weights.map((w, i) => w - rate * Math.sign(own[i]! - targets[i]!) * lengths[i]!);
          fc.pre(moved.every((w) => w > 0.01));
          weights = moved.map((w) => (3 * w) / (moved[0]! + moved[1]! + moved[2]!));
          const gramian = Float64Array.from({ length: 9 }, (_, k) => (k % 4 === 0 ? lengths[k / 4]! ** 2 : 0));
          const found = method.weigh(state, { gramian, losses });
          state = found.state;
          for (const i of [0, 1, 2]) expect(found.weights[i]!).toBeCloseTo(weights[i]!, 10);
        }
      }),
    );
  });

  test("GradVac's targets follow the cosines", () => {
    const method = gradVac({ rate: 0.5 });
    const { state } = method.weigh(method.start(2), {
      gramian: gramianOf([
        [1, 0],
        [1, 1],
      ]),
    });
    expect(state.targets.get(0, 1)).toBeCloseTo(0.5 * Math.SQRT1_2, 12);
    // A cosine of 0 lies below the target t now: the result has exactly that cosine.
    const { weights } = method.weigh(state, {
      gramian: gramianOf([
        [1, 0],
        [0, 1],
      ]),
    });
    const t = 0.5 * Math.SQRT1_2;
    const amount = t / Math.sqrt(1 - t * t);
    expect(weights[0]!).toBeCloseTo(1 + amount, 12);
    expect(weights[1]!).toBeCloseTo(1 + amount, 12);
  });
});

describe("GradVac brings each gradient to the target cosine with the other", () => {
  test("by equation 2, whatever the lengths, and only where the cosine is below it", () => {
    const part = fc.integer({ min: -64, max: 64 }).map((k) => k / 16);
    const vector = fc.array(part, { minLength: 3, maxLength: 3 }).filter((v) => lengthOf(v) > 0.5);
    fc.assert(
      fc.property(vector, vector, fc.integer({ min: -14, max: 14 }), (a, b, sixteenths) => {
        const target = sixteenths / 16;
        const cosine = dot(a, b) / lengthOf(a) / lengthOf(b);
        fc.pre(Math.abs(cosine) < 0.999);
        const brought = (own: readonly number[], other: readonly number[]) => {
          if (cosine >= target) return own;
          const bend = target * Math.sqrt(1 - cosine ** 2) - cosine * Math.sqrt(1 - target ** 2);
          const amount = (lengthOf(own) * bend) / (lengthOf(other) * Math.sqrt(1 - target ** 2));
          const result = own.map((value, k) => value + amount * other[k]!);
          expect(dot(result, other) / lengthOf(result) / lengthOf(other)).toBeCloseTo(target, 8);
          return result;
        };
        const method = gradVac({ rate: 0.25 });
        const state = { ...method.start(2), targets: tensor(Float64Array.of(0, target, target, 0), { shape: [2, 2] }) };
        const found = method.weigh(state, { gramian: gramianOf([a, b]) });
        const expected = combine([1, 1], [[...brought(a, b)], [...brought(b, a)]]);
        expectNear(combine(found.weights, [a, b]), expected, lengthOf(a) + lengthOf(b) + lengthOf(expected), 1e-9);
        // The target follows the cosine that was met.
        expect(found.state.targets.get(0, 1)).toBeCloseTo(0.75 * target + 0.25 * cosine, 12);
      }),
    );
  });
});

describe("PCGrad of three tasks", () => {
  test("is the algorithm of its paper in one of the orders it may draw, by every seed", () => {
    const rows = [
      [2, 1, 0],
      [-3, 1, 1],
      [0, -2, -1],
    ];
    // Each task meets the others in one of two orders: eight sums.
    const projected = (own: readonly number[], others: readonly (readonly number[])[]) =>
      others.reduce((g, other) => {
        const overlap = dot(g, other) / dot(other, other);
        return overlap < 0 ? g.map((value, k) => value - overlap * other[k]!) : g;
      }, own);
    const orders = [0, 1, 2].map((i) => {
      const [a, b] = rows.filter((_, j) => j !== i);
      return [projected(rows[i]!, [a!, b!]), projected(rows[i]!, [b!, a!])];
    });
    const sums = orders[0]!.flatMap((a) =>
      orders[1]!.flatMap((b) => orders[2]!.map((c) => a.map((value, k) => value + b[k]! + c[k]!))),
    );
    const met = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const { direction } = directionOf(pcGrad({ seed }) as ReturnType<typeof pcGrad>, rows);
      const distances = sums.map((sum) => lengthOf(sum.map((value, k) => value - direction[k]!)));
      expect(Math.min(...distances)).toBeLessThan(1e-12);
      met.add(distances.findIndex((value) => value < 1e-12));
    }
    // Every order of every task comes up.
    const distinct = sums.filter(
      (sum, k) => sums.findIndex((other) => lengthOf(sum.map((v, i) => v - other[i]!)) < 1e-12) === k,
    );
    expect(distinct.length).toBe(8);
    expect(met.size).toBe(8);
  });
});

describe("softmax of correlations", () => {
  test("rows sum to 1; low temperatures look at oneself, high ones at all alike", () => {
    const correlation = Float64Array.of(1, 0.5, -1, 0.5, 1, 0, -1, 0, 1);
    const warm = correlationWeights(correlation, 1);
    for (let i = 0; i < 3; i++) {
      const row = warm.subarray(3 * i, 3 * i + 3);
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      expect(row[(i + 1) % 3]! / row[i]!).toBeCloseTo(
        Math.exp(correlation[3 * i + ((i + 1) % 3)]! - correlation[4 * i]!),
        12,
      );
    }
    expect([...correlationWeights(correlation, 1e-3)]).toEqual(
      [1, 0, 0, 0, 1, 0, 0, 0, 1].map((v) => expect.closeTo(v, 9)),
    );
    for (const weight of correlationWeights(correlation, 1e6)) expect(weight).toBeCloseTo(1 / 3, 5);
  });

  test("an outlier weighs less than those that agree, and scale does not count", () => {
    const method = correlationSoftmax({ temperature: 0.5 });
    const { weights } = directionOf(method, [
      [1, 0.1],
      [100, 0],
      [0, -1],
    ]);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(weights[2]!).toBeLessThan(weights[0]!);
    expect(weights[2]!).toBeLessThan(weights[1]!);
  });

  test("the correlation is the fading mean of the rounds' outer products", () => {
    const method = correlationSoftmax({ memory: 0.5 });
    let state = method.start(2);
    const cosines = [1, 0, -0.6];
    for (const cosine of cosines) state = method.weigh(state, { gramian: Float64Array.of(1, cosine, cosine, 1) }).state;
    // Weights 0.5², 0.5, 1 over their sum.
    expect((state.correlation as Tensor).get(0, 1)).toBeCloseTo((0.25 * 1 + 0.5 * 0 + 1 * -0.6) / 1.75, 12);
  });
});
