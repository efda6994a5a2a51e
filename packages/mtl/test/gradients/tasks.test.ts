import {
  combineGradients,
  conditionNumber,
  conflictRate,
  crossGramian,
  crossGramianTensor,
  forwardGradients,
  gradientCosines,
  gramian,
  gramianTensor,
  groupTasks,
  innerProduct,
  magnitudeSimilarity,
  stepEffects,
  taskAffinity,
  taskGradients,
} from "@kinship/mtl";
import { mul, normal, randomKey, slice, splitKey, sum, type Tensor, tanh, tensor, transpose } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combine, dot, gramianOf, jacobians, lengthOf, tensorsOf } from "../support/jacobians.js";

interface Parameters {
  readonly trunk: Tensor;
  readonly heads: readonly Tensor[];
}

const x = [0.3, -1.2, 0.7];
const trunk = [
  [0.5, -0.4, 0.2],
  [0.1, 0.9, -0.6],
];
const heads = [
  [1, -2],
  [0.5, 0.25],
  [-1, -1],
];
const parameters: Parameters = {
  trunk: tensor(Float64Array.from(trunk.flat()), { shape: [2, 3] }),
  heads: heads.map((head) => tensor(Float64Array.from(head))),
};

/** Task t: (heads_t · tanh(trunk x))². */
const losses = ({ trunk, heads }: Parameters) => {
  const hidden = tanh(sum(mul(trunk, tensor(Float64Array.from(x))), { axis: 1 }));
  return heads.map((head) => {
    const output = sum(mul(head, hidden));
    return mul(output, output);
  });
};

const plainLosses = (w: readonly number[][], h: readonly number[][]) => {
  const hidden = w.map((row) => Math.tanh(dot(row, x)));
  return h.map((head) => dot(head, hidden) ** 2);
};

describe("gradients of every task", () => {
  test("agree with differences, in the structure of the parameters", () => {
    const { losses: values, gradients } = taskGradients(losses)(parameters);
    expect([...values.toTypedArray()]).toEqual(plainLosses(trunk, heads).map((value) => expect.closeTo(value, 12)));
    const h = 1e-6;
    for (let task = 0; task < 3; task++)
      for (let i = 0; i < 2; i++)
        for (let k = 0; k < 3; k++) {
          const at = (shift: number) =>
            plainLosses(
              trunk.map((row, r) => row.map((value, c) => (r === i && c === k ? value + shift : value))),
              heads,
            )[task]!;
          expect(gradients[task]!.trunk.get(i, k)).toBeCloseTo((at(h) - at(-h)) / (2 * h), 7);
        }
    // A head belongs to its own task.
    expect(gradients[0]!.heads[1]!.toArray()).toEqual([0, 0]);
    expect(gradients[1]!.heads[1]!.toArray()).not.toEqual([0, 0]);
  });

  test("of losses by name, in the order of their names; other arguments are constants", () => {
    const f = (w: Tensor, c: Tensor) => ({ plus: sum(mul(w, c)), square: sum(mul(w, w)) });
    const { losses: values, gradients } = taskGradients(f)(tensor([1, 2]), tensor([3, -1]));
    expect(values.toArray()).toEqual([1, 5]);
    expect(gradients.map((g) => g.toArray())).toEqual([
      [3, -1],
      [2, 4],
    ]);
  });

  test("compiled give the same", () => {
    const compiled = compile((w: Parameters) => taskGradients(losses)(w));
    const [fast, slow] = [compiled(parameters), taskGradients(losses)(parameters)];
    fast.gradients.forEach((gradient, task) => {
      const difference = innerProduct(gradient, gradient) - innerProduct(slow.gradients[task]!, slow.gradients[task]!);
      expect(Math.abs(difference)).toBeLessThan(1e-12);
    });
  });

  test("say which loss is not one number, and that there must be some", () => {
    expect(() => taskGradients((w: Tensor) => [sum(w), w])(tensor([1, 2]))).toThrow(/\[1\]/);
    expect(() => taskGradients((_: Tensor) => [])(tensor([1, 2]))).toThrow(/one loss a task/);
    expect(() => stepEffects((w: Tensor) => [sum(w), w])(tensor([1, 2]), tensor([1, 1]))).toThrow(/task 1/);
  });
});

describe("what a step does", () => {
  test("is the inner product of every gradient with the step, in one pass", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 12, maxLength: 12 }), (numbers) => {
        const step: Parameters = {
          trunk: tensor(Float64Array.from(numbers.slice(0, 6)), { shape: [2, 3] }),
          heads: [6, 8, 10].map((from) => tensor(Float64Array.from(numbers.slice(from, from + 2)))),
        };
        const { effects, losses: values } = stepEffects(losses)(parameters, step);
        const { gradients } = taskGradients(losses)(parameters);
        gradients.forEach((gradient, task) => {
          expect(effects.get(task)).toBeCloseTo(innerProduct(gradient, step), 10);
        });
        expect(values.toArray()).toEqual(taskGradients(losses)(parameters).losses.toArray());
      }),
    );
  });

  test("affinity: a small step for one task lowers the others' losses by so much of them", () => {
    const onlyTrunk = (gradient: Parameters): Parameters => ({
      trunk: gradient.trunk,
      heads: gradient.heads.map((head) => mul(head, 0)),
    });
    const { affinity, losses: before } = taskAffinity(losses, onlyTrunk)(parameters);
    const { gradients } = taskGradients(losses)(parameters);
    const rate = 1e-6;
    for (let i = 0; i < 3; i++) {
      const moved = trunk.map((row, r) => row.map((value, c) => value - rate * gradients[i]!.trunk.get(r, c)));
      const after = plainLosses(moved, heads);
      for (let j = 0; j < 3; j++) expect(affinity[i * 3 + j]!).toBeCloseTo((1 - after[j]! / before[j]!) / rate, 3);
    }
    // Over the losses it is the Gramian of what is shared.
    const products = gramian(gradients.map((g) => g.trunk));
    affinity.forEach((value, k) => {
      expect(value).toBeCloseTo(products[k]! / before[k % 3]!, 10);
    });
  });
});

describe("forward gradients", () => {
  test("are exact with as many orthogonal directions as parameters", () => {
    const { losses: values, gradients } = forwardGradients(losses)(parameters, randomKey(5), {
      directions: 12,
      distribution: "orthogonal",
    });
    const exact = taskGradients(losses)(parameters);
    expect(values.toArray()).toEqual(exact.losses.toArray());
    gradients.forEach((gradient, task) => {
      const own = exact.gradients[task]!;
      for (let k = 0; k < 6; k++)
        expect(gradient.trunk.get(Math.floor(k / 3), k % 3)).toBeCloseTo(own.trunk.get(Math.floor(k / 3), k % 3), 10);
      for (const [t, head] of gradient.heads.entries())
        for (let k = 0; k < 2; k++) expect(head.get(k)).toBeCloseTo(own.heads[t]!.get(k), 10);
    });
  });

  test.each(["signs", "normal", "orthogonal"] as const)(
    "are unbiased: their mean with %s is the gradient",
    (distribution) => {
      const f = (w: Tensor) => [sum(mul(w, tensor(Float64Array.of(1, -2, 3)))), sum(mul(w, w))];
      const w = tensor(Float64Array.of(0.5, 1, -1));
      const exact = [
        [1, -2, 3],
        [1, 2, -2],
      ];
      const rounds = 2000;
      const sums = exact.map((row) => row.map(() => [0, 0]));
      for (const key of splitKey(randomKey(11), rounds)) {
        const { gradients } = forwardGradients(f)(w, key, { directions: 2, distribution });
        gradients.forEach((gradient, task) => {
          for (let k = 0; k < 3; k++) {
            const cell = sums[task]![k]!;
            cell[0]! += gradient.get(k);
            cell[1]! += gradient.get(k) ** 2;
          }
        });
      }
      exact.forEach((row, task) => {
        row.forEach((value, k) => {
          const [total, squares] = sums[task]![k]! as [number, number];
          const mean = total / rounds;
          const error = Math.sqrt((squares / rounds - mean ** 2) / rounds);
          expect(Math.abs(mean - value)).toBeLessThan(4.5 * error);
          expect(error).toBeLessThan(0.2);
        });
      });
    },
  );

  test("a direction and its opposite give the same estimate", () => {
    const f = (w: Tensor) => [sum(mul(mul(w, w), w))];
    const w = tensor(Float64Array.of(0.5, 2));
    const v = tensor(Float64Array.of(1, -1));
    const back = tensor(Float64Array.of(-1, 1));
    const estimate = (d: Tensor) => mul(d, stepEffects(f)(w, d).effects.get(0)).toArray();
    expect(estimate(back)).toEqual(estimate(v));
  });

  test("the same key gives the same numbers; too many orthogonal directions are refused", () => {
    const f = (w: Tensor) => [sum(mul(w, w))];
    const run = () => forwardGradients(f)(tensor([1, 2, 3]), randomKey(3), { directions: 2 }).gradients[0]!.toArray();
    expect(run()).toEqual(run());
    expect(() =>
      forwardGradients(f)(tensor([1, 2]), randomKey(3), { directions: 3, distribution: "orthogonal" }),
    ).toThrow(/3 orthogonal directions do not fit 2/);
  });
});

describe("Gramians over structures", () => {
  test("are the inner products of the flattened gradients, for views and float32 too", () => {
    const matrix = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const a = { w: transpose(matrix), b: [slice(tensor([9, 8, 7, 6]), [[null, null, 2]])] };
    const b = {
      b: [tensor([1, -1])],
      w: tensor([
        [1, 0],
        [0, 1],
        [2, -2],
      ]),
    };
    // wᵀ by rows: 1 4 2 5 3 6; b: 9 7.
    expect([...gramian([a, b])]).toEqual([91 + 130, 1 + 5 + 6 - 12 + 2, 1 + 5 + 6 - 12 + 2, 10 + 2]);
    expect([...crossGramian([a], [b, a])]).toEqual([2, 221]);
    expect(innerProduct(a, b)).toBe(2);
  });

  test("are summed in float64: float32 would lose the small entry", () => {
    const big = tensor(Float32Array.of(4096, 1));
    expect(innerProduct(big, big)).toBe(4096 ** 2 + 1);
    expect(Math.fround(4096 ** 2 + 1)).toBe(4096 ** 2);
  });

  test("equal plain products for any Jacobian", () => {
    fc.assert(
      fc.property(jacobians(), (rows) => {
        const products = gramianOf(rows);
        rows.forEach((a, i) => {
          rows.forEach((b, j) => {
            expect(products[i * rows.length + j]!).toBeCloseTo(dot(a, b), 9);
          });
        });
        const weights = rows.map((_, i) => i - 1);
        const found = combineGradients(weights, tensorsOf(rows)).toTypedArray();
        combine(weights, rows).forEach((value, k) => {
          expect(found[k]!).toBeCloseTo(value, 10);
        });
      }),
    );
  });

  test("as a tensor, compiled too, are the same", () => {
    const { gradients } = taskGradients(losses)(parameters);
    const plain = gramian(gradients);
    const compiled = compile((list: Parameters[]) => gramianTensor(list));
    for (const found of [gramianTensor(gradients), compiled(gradients)]) {
      expect(found.shape).toEqual([3, 3]);
      expect(found.dtype).toBe("float64");
      found.toTypedArray().forEach((value, k) => {
        expect(value).toBeCloseTo(plain[k]!, 12);
      });
    }
  });

  test("of many tasks, and of two batches, as tensors are those in plain numbers", () => {
    const draw = (seed: number) =>
      Array.from({ length: 9 }, (_, task) => ({
        a: normal(randomKey(seed + task), [3, 2], { dtype: "float64" }),
        b: [normal(randomKey(seed + 100 + task), [5], { dtype: "float64" })],
      }));
    const [first, second] = [draw(1), draw(1000)];
    type Gradient = (typeof first)[number];
    const found = [
      [gramianTensor(first), gramian(first)],
      [compile((list: Gradient[]) => gramianTensor(list))(first), gramian(first)],
      [crossGramianTensor(first, second.slice(0, 2)), crossGramian(first, second.slice(0, 2))],
      [crossGramianTensor(first.slice(0, 3), second.slice(0, 2)), crossGramian(first.slice(0, 3), second.slice(0, 2))],
    ] as const;
    for (const [made, plain] of found) {
      expect(made.size).toBe(plain.length);
      made.toTypedArray().forEach((value, k) => {
        expect(value).toBeCloseTo(plain[k]!, 12);
      });
    }
    expect(gramianTensor([{}, {}]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test.each([3, 9])("of %i float32 gradients are products and sums in float64", (tasks) => {
    const gradients = Array.from({ length: tasks }, (_, k) => normal(randomKey(k), [2000]));
    const rows = gradients.map((g) => [...g.toTypedArray()]);
    const own = (list: readonly Tensor[]) => gramianTensor(list);
    for (const found of [own(gradients), compile(own)(gradients)])
      found.toTypedArray().forEach((value, k) => {
        const other = rows[k % tasks]!;
        const exact = rows[Math.floor(k / tasks)]!.reduce((total, x, n) => total + x * other[n]!, 0);
        expect(Math.abs(value - exact)).toBeLessThan(2000 * 1e-13);
      });
  });

  test("say where structures differ", () => {
    expect(() => gramian([{ a: tensor([1]) }, { b: tensor([1]) }] as unknown as { a: Tensor }[])).toThrow(
      /structures differ/,
    );
    expect(() => gramian([tensor([1]), tensor([1, 2])])).toThrow(/differ in shape/);
    expect(() => combineGradients([1, 2], [tensor([1])])).toThrow(/2 weights for 1 gradients/);
  });
});

describe("diagnostics", () => {
  test("cosines, magnitudes, conditioning and conflicts of known gradients", () => {
    const rows = [
      [2, 0],
      [0, 1],
      [-4, 0],
    ];
    const products = gramianOf(rows);
    expect([...gradientCosines(products)].map((value) => value + 0)).toEqual([1, 0, -1, 0, 1, 0, -1, 0, 1]);
    expect(magnitudeSimilarity(products)[1]!).toBeCloseTo((2 * 2 * 1) / (4 + 1), 12);
    expect(magnitudeSimilarity(products)[0]!).toBe(1);
    expect(conditionNumber(products)).toBe(Number.POSITIVE_INFINITY);
    expect(conditionNumber(gramianOf(rows.slice(0, 2)))).toBeCloseTo(2, 12);
    expect(conflictRate(products)).toBeCloseTo(1 / 3, 12);
  });

  test("the condition number bounds how weights become lengths", () => {
    fc.assert(
      fc.property(jacobians({ maxTasks: 4, minWidth: 5 }), (rows) => {
        const bound = conditionNumber(gramianOf(rows));
        if (!(bound < 1e6)) return;
        const lengths = Array.from({ length: 50 }, (_, angle) => {
          const w = rows.map((_, i) => Math.cos(angle * (i + 1.3)));
          return lengthOf(combine(w, rows)) / lengthOf(w);
        });
        expect(Math.max(...lengths) / Math.min(...lengths)).toBeLessThanOrEqual(bound * (1 + 1e-9));
      }),
    );
  });
});

describe("grouping", () => {
  const score = (affinity: Float64Array, m: number, groups: readonly number[][]) =>
    groups.reduce((total, group) => {
      let own = 0;
      for (const i of group) for (const j of group) if (i !== j) own += affinity[i * m + j]! / (group.length - 1);
      return total + own;
    }, 0);

  /** Every way to put tasks into at most `count` groups. */
  function* partitions(m: number, count: number, groups: number[][] = [], task = 0): Generator<number[][]> {
    if (task === m) {
      yield groups.map((group) => [...group]);
      return;
    }
    for (const group of groups) {
      group.push(task);
      yield* partitions(m, count, groups, task + 1);
      group.pop();
    }
    if (groups.length < count) {
      groups.push([task]);
      yield* partitions(m, count, groups, task + 1);
      groups.pop();
    }
  }

  const matrices = (m: number) =>
    fc.array(fc.integer({ min: -8, max: 8 }), { minLength: m * m, maxLength: m * m }).map((a) => Float64Array.from(a));

  test("is the best of all partitions", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 6 })
          .chain((m) => fc.tuple(fc.constant(m), matrices(m), fc.integer({ min: 1, max: 4 }))),
        ([m, affinity, count]) => {
          const found = groupTasks(affinity, count);
          expect(found.groups.flat().sort((a, b) => a - b)).toEqual([...Array(m).keys()]);
          expect(found.groups.length).toBeLessThanOrEqual(count);
          expect(found.score).toBeCloseTo(score(affinity, m, found.groups), 9);
          const best = Math.max(...[...partitions(m, count)].map((groups) => score(affinity, m, groups)));
          expect(found.score).toBeCloseTo(best, 9);
        },
      ),
    );
  });

  test("finds three families among many tasks", () => {
    const m = 18;
    const affinity = Float64Array.from({ length: m * m }, (_, k) => (Math.floor(k / m) % 3 === (k % m) % 3 ? 1 : -1));
    const { groups } = groupTasks(affinity, 3);
    expect(groups.map((group) => group.map((task) => task % 3))).toEqual([0, 1, 2].map((t) => new Array(6).fill(t)));
  });
});
