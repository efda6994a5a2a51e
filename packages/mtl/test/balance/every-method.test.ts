import {
  alignedMtl,
  caGrad,
  conFig,
  correlationSoftmax,
  dualProj,
  fairGrad,
  type GramianBalancer,
  gradNorm,
  imtlGradient,
  mgda,
  moDo,
  nashMtl,
  sdmGrad,
  upGrad,
} from "@kinship/mtl";
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

describe("every deterministic method", () => {
  test.each(deterministic.map((method, k) => [`${k} ${method.name}`, method] as const))(
    "%s gives the same direction for permuted tasks",
    (_, method) => {
      fc.assert(
        fc.property(
          independentJacobians({ maxTasks: 5 }).chain((rows) =>
            fc.tuple(fc.constant(rows), fc.shuffledSubarray([...rows.keys()], { minLength: rows.length })),
          ),
          ([rows, order]) => {
            const losses = rows.map((_, i) => i + 1);
            const straight = directionOf(method, rows, losses);
            const permuted = directionOf(
              method,
              order.map((i) => rows[i]!),
              order.map((i) => losses[i]!),
            );
            const size = straight.weights.reduce((total, w, i) => total + Math.abs(w) * lengthOf(rows[i]!), 0);
            expectNear(permuted.direction, straight.direction, size, 1e-9);
          },
        ),
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

  test("says which task's gradient is not finite", () => {
    const rows = [
      [1, 2],
      [Number.NaN, 1],
    ];
    for (const method of deterministic)
      if (!method.needs.independentBatch) expect(() => directionOf(method, rows)).toThrow(/task/);
  });
});
