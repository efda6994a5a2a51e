import {
  alignedMtl,
  type Balancer,
  balance,
  balancers,
  caGrad,
  conFig,
  correlationSoftmax,
  cosmos,
  dbMtl,
  dualProj,
  excessMtl,
  fairGrad,
  type GramianBalancer,
  gradDrop,
  gradNorm,
  gradVac,
  imtlGradient,
  type JacobianBalancer,
  krum,
  type LossBalancer,
  mgda,
  moCo,
  moDo,
  nashMtl,
  pcGrad,
  sdmGrad,
  trimmedMean,
  upGrad,
} from "@kinship/mtl";
import { mapLeaves, type Structure, tensor } from "@kinship/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  directionOf,
  expectNear,
  independentJacobians,
  lengthOf,
  type Rows,
  scaled,
  scales,
} from "../support/jacobians.js";

/** Methods whose direction is determined by the gradients alone. */
const deterministic = [
  mgda(),
  caGrad(),
  imtlGradient(),
  nashMtl(),
  alignedMtl(),
  fairGrad({ alpha: 1 }),
  fairGrad({ alpha: 2 }),
  upGrad(),
  dualProj(),
  conFig(),
  gradNorm(),
  correlationSoftmax(),
  moDo(),
  sdmGrad(),
] as readonly GramianBalancer[];

/** Gradients, and an order to take them in. */
const permutedJacobians = independentJacobians({ maxTasks: 5 }).chain((rows) =>
  fc.tuple(fc.constant(rows), fc.shuffledSubarray([...rows.keys()], { minLength: rows.length })),
);

describe("every deterministic method", () => {
  test.each(deterministic.map((method, k) => [`${k} ${method.name}`, method] as const))(
    "%s gives the same direction for permuted tasks",
    (_, method) => {
      fc.assert(
        fc.property(permutedJacobians, ([rows, order]) => {
          const losses = rows.map((_, i) => i + 1);
          const straight = directionOf(method, rows, losses);
          const permuted = directionOf(
            method,
            order.map((i) => rows[i]!),
            order.map((i) => losses[i]!),
          );
          const size = straight.weights.reduce((total, w, i) => total + Math.abs(w) * lengthOf(rows[i]!), 0);
          expectNear(permuted.direction, straight.direction, size, 1e-9);
        }),
      );
    },
  );

  // How the direction changes when all gradients are multiplied by s: by s^power.
  const powers = [
    [mgda(), 1],
    [caGrad(), 1],
    [imtlGradient(), 1],
    [nashMtl(), 0],
    [alignedMtl(), 1],
    [fairGrad({ alpha: 1 }), 0],
    [fairGrad({ alpha: 2 }), -1 / 3],
    [upGrad(), 1],
    [dualProj(), 1],
    [conFig(), 1],
    [correlationSoftmax(), 1],
    [upGrad({ regularization: 1e-2 }), 1],
    [dualProj({ regularization: 1e-2 }), 1],
    // The same keys, so the same orders.
    [pcGrad(), 1],
    [gradVac(), 1],
  ] as const;
  test.each(powers.map(([method, power], k) => [`${k} ${method.name}`, method, power] as const))(
    "%s scales as it should",
    (_, method, power) => {
      fc.assert(
        fc.property(
          independentJacobians({ maxTasks: 5 }),
          fc.integer({ min: -15, max: 15 }).map((k) => 10 ** k),
          (rows, factor) => {
            const plain = directionOf(method as GramianBalancer, rows);
            const large = directionOf(
              method as GramianBalancer,
              rows.map((row) => row.map((value) => value * factor)),
            );
            const size = plain.weights.reduce((total, w, i) => total + Math.abs(w) * lengthOf(rows[i]!), 0);
            expectNear(
              large.direction.map((value) => value / factor ** power),
              plain.direction,
              size,
              1e-9,
            );
          },
        ),
      );
    },
  );

  test.each(deterministic.map((method, k) => [`${k} ${method.name}`, method] as const))(
    "%s is finite for zero, equal, opposite gradients, one task and fifty",
    (_, method) => {
      const fifty = Array.from({ length: 50 }, (_, i) =>
        Array.from({ length: 20 }, (_, k) => Math.sin(1 + i * 7.3 + k * k * 1.7)),
      );
      const cases: Rows[] = [
        [[3, -4]],
        [[0, 0]],
        [
          [0, 0],
          [0, 0],
        ],
        [
          [1, 2],
          [0, 0],
        ],
        [
          [1, 2],
          [1, 2],
        ],
        [
          [1, 2],
          [-1, -2],
        ],
        [
          [1e-15, 0],
          [-1e15, 1e15],
        ],
        [
          [1, 0],
          [-1, 1e-9],
        ],
        fifty,
        fifty.map((row, i) => row.map((value) => value * 10 ** ((i % 31) - 15))),
      ];
      for (const rows of cases) {
        const { direction, weights } = directionOf(method, rows);
        for (const value of [...direction, ...weights]) expect(Number.isFinite(value)).toBe(true);
      }
    },
  );

  test("solves its own equations at scales from 1e-15 to 1e15 side by side", () => {
    fc.assert(
      fc.property(
        independentJacobians().chain((rows) => fc.tuple(fc.constant(rows), scales(rows.length))),
        ([rows, factors]) => {
          for (const method of deterministic)
            expect(directionOf(method, scaled(rows, factors)).residual, method.name).toBeLessThan(1e-9);
        },
      ),
    );
  });

  test("Krum chooses the same gradients at any scale, and whatever their order", () => {
    fc.assert(
      fc.property(
        fc.tuple(
          independentJacobians({ maxTasks: 4 }).filter((rows) => rows.length === 4),
          fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
          fc.integer({ min: -15, max: 15 }).map((k) => 10 ** k),
        ),
        ([rows, order, factor]) => {
          // A fifth far away, and no two equally close.
          const five = [...rows.map((row, i) => row.map((value) => value + i * i)), rows[0]!.map(() => 1000)];
          const method = krum({ selected: 2 });
          const { weights } = directionOf(method, five);
          const moved = [...order, 4].map((i) => five[i]!.map((value) => value * factor));
          const found = directionOf(method, moved).weights;
          expect(weights[4]).toBe(0);
          [...order, 4].forEach((i, k) => {
            expect(found[k]!).toBe(weights[i]!);
          });
        },
      ),
    );
  });

  test("says which task's gradient is not finite", () => {
    const rows = [
      [1, 2],
      [Number.NaN, 1],
    ];
    for (const method of deterministic)
      if (!method.needs.independentBatch) expect(() => directionOf(method, rows)).toThrow(/task/);
  });
});

/** Three rounds of a method on the gradients and half, a fifth of them: the directions. */
function threeRounds(method: JacobianBalancer, rows: Rows, losses: readonly number[]): number[][] {
  let state: Structure = method.start(rows.length, tensor(Float64Array.from(rows[0]!)));
  return [1, 0.5, 0.2].map((part) => {
    const gradients = rows.map((row) => tensor(Float64Array.from(row, (value, k) => value * (k === 0 ? 1 : part))));
    const found = balance(method, state, { gradients, losses: losses.map((loss) => loss * part) });
    state = mapLeaves("test", found.state, (leaf) => leaf);
    return [...found.direction.toTypedArray()];
  });
}

describe("methods that look at gradients entry by entry", () => {
  const methods = [trimmedMean({ trim: 0 }), gradDrop(), moCo(), dbMtl(), excessMtl()] as readonly JacobianBalancer[];

  test.each(methods.map((method) => [method.name, method] as const))(
    "%s gives the same directions for permuted tasks, three rounds long",
    (_, method) => {
      fc.assert(
        fc.property(permutedJacobians, ([rows, order]) => {
          const losses = rows.map((_, i) => i + 1);
          const straight = threeRounds(method, rows, losses);
          const permuted = threeRounds(
            method,
            order.map((i) => rows[i]!),
            order.map((i) => losses[i]!),
          );
          const size = rows.reduce((total, row) => total + lengthOf(row), 0) * rows.length;
          straight.forEach((direction, k) => {
            expectNear(permuted[k]!, direction, size, 1e-12);
          });
        }),
      );
    },
  );

  // Losses scale with their gradients: the gradients of their logarithms do not.
  const powers = [
    [trimmedMean({ trim: 0 }), 1],
    [gradDrop(), 1],
    [excessMtl(), 1],
    [dbMtl(), 0],
  ] as readonly (readonly [JacobianBalancer, number])[];
  test.each(powers.map(([method, power]) => [method.name, method, power] as const))(
    "%s scales as it should, from 1e-15 to 1e15",
    (_, method, power) => {
      fc.assert(
        fc.property(
          independentJacobians({ maxTasks: 5 }),
          fc.integer({ min: -15, max: 15 }).map((k) => 10 ** k),
          (rows, factor) => {
            const losses = rows.map((_, i) => i + 1);
            const plain = threeRounds(method, rows, losses);
            const large = threeRounds(
              method,
              rows.map((row) => row.map((value) => value * factor)),
              losses.map((loss) => loss * factor),
            );
            const size = Math.max(...plain.map(lengthOf), ...rows.map(lengthOf)) * rows.length;
            plain.forEach((direction, k) => {
              expectNear(
                large[k]!.map((value) => value / factor ** power),
                direction,
                size,
                1e-9,
              );
            });
          },
        ),
      );
    },
  );

  test.each(methods.map((method) => [method.name, method] as const))(
    "%s is finite for lengths from 1e-15 to 1e15 side by side, fifty tasks",
    (_, method) => {
      const rows = Array.from({ length: 50 }, (_, i) =>
        Array.from({ length: 20 }, (_, k) => Math.sin(1 + i * 7.3 + k * k * 1.7) * 10 ** ((i % 31) - 15)),
      );
      const losses = rows.map((_, i) => 10 ** ((i % 31) - 15));
      for (const direction of threeRounds(method, rows, losses))
        for (const value of direction) expect(Number.isFinite(value)).toBe(true);
    },
  );
});

describe("methods that look at losses", () => {
  const all = Object.values(balancers).map((make) => make()) as readonly Balancer[];
  const methods = all.flatMap((method) =>
    method.kind === "losses" && method.name !== "randomWeighting" ? [method] : [],
  );
  const rounds = (method: LossBalancer, losses: readonly number[]): number[][] => {
    let state = method.start(losses.length);
    return [1, 0.7, 0.3, 0.2].map((part) => {
      const own = losses.map((loss, i) => loss * part ** (i + 1));
      const found = method.weigh(state, own);
      state =
        method.observe?.(
          found.state,
          own.map((loss, i) => loss * (1 - 0.1 * i)),
        ) ?? found.state;
      return [...found.weights];
    });
  };

  test.each(methods.map((method) => [method.name, method] as const))("%s weighs permuted tasks alike", (_, method) => {
    const losses = [0.3, 2, 5, 0.01];
    const straight = method.weigh(method.start(4), losses).weights;
    const permuted = method.weigh(method.start(4), [2, 0.01, 0.3, 5]).weights;
    [1, 3, 0, 2].forEach((i, k) => {
      expect(permuted[k]!).toBeCloseTo(straight[i]!, 12);
    });
  });

  test.each([...methods, cosmos({ preference: [1, 2, 3, 4] })].map((method) => [method.name, method] as const))(
    "%s stays finite for losses from 1e-15 to 1e15, alone and side by side",
    (_, method) => {
      for (const losses of [
        [1e-15, 2e-15, 3e-15, 1e-15],
        [1e15, 2e15, 3e15, 1e15],
        [1e-15, 1e15, 1, 1e-7],
        [7, 7, 7, 7],
      ])
        for (const weights of rounds(method as LossBalancer, losses))
          for (const weight of weights) expect(Number.isFinite(weight)).toBe(true);
    },
  );

  test.each(["geometricLoss", "famo", "dynamicWeightAverage"] as const)(
    "%s sees ratios of losses only, whatever their scale",
    (name) => {
      const method = balancers[name]() as LossBalancer;
      const plain = rounds(method, [1, 2, 3, 4]);
      for (const scale of [1e-15, 1e-4, 1e15]) {
        const scaled = rounds(
          method,
          [1, 2, 3, 4].map((loss) => loss * scale),
        );
        scaled.forEach((weights, k) => {
          weights.forEach((weight, i) => {
            expect(weight / plain[k]![i]!).toBeCloseTo(1, 9);
          });
        });
      }
    },
  );
});
