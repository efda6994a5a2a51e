import {
  createRandom,
  fitLinear,
  graphKinship,
  huber,
  kinshipMatrix,
  kNorm,
  type LabelledTask,
  logistic,
  matrixKinship,
  ridge,
  sumOfRegularizers,
} from "@kinship/mtl";
import fc from "fast-check";
import { expect, test } from "vitest";
import { relations, tasksOf } from "../support/problems.js";

const rowsOf = (flat: Float64Array, n: number) => Array.from({ length: n }, (_, i) => flat.slice(i * n, (i + 1) * n));

test("latent nodes that are kept and K written out give the same models, whatever the loss", () => {
  const problems = fc.record({
    tasks: tasksOf({ min: 2, max: 5 }),
    relation: fc.constantFrom(...relations),
    loss: fc.constantFrom(huber({ threshold: 0.5 }), logistic()),
    added: fc.boolean(),
  });
  fc.assert(
    fc.property(problems, ({ tasks, relation, loss, added }) => {
      const kinship = relation.kinship(tasks.length);
      const k = kinshipMatrix(kinship(tasks.map(({ name }) => name)));
      const labelled: LabelledTask[] = tasks.map((task) => ({
        ...task,
        y: loss.name === "logistic" ? Array.from(task.y as number[], (y) => Number(y > 0)) : task.y,
      }));
      const fit = (builder: typeof kinship) => {
        const norm = kNorm(builder);
        const regularizer = added ? sumOfRegularizers([{ regularizer: norm }, { regularizer: ridge() }]) : norm;
        return fitLinear({ tasks: labelled, loss, regularizer, lambda: 2, intercept: "none", tolerance: 1e-9 });
      };
      const [sparse, dense] = [fit(kinship), fit(matrixKinship(rowsOf(k, tasks.length)))];
      expect(sparse.certificate.residual).toBeLessThan(1e-6);
      expect(Math.abs(sparse.objective - dense.objective)).toBeLessThan(1e-7 * (1 + dense.objective));
    }),
  );
});

test("where neither loss nor K curves, no step is without end", () => {
  // Huber's loss is linear far out, and this K has rank two.
  const k = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => 1 + (i - 1) * (j - 1) * 0.5));
  const tasks = [
    { name: "0", x: [[-0.375], [1.8125]], y: [-0.5625, 0.5625] },
    { name: "1", x: [[-0.5625]], y: [0.5625], weight: 3 },
    { name: "2", x: [[2.1875]], y: [0], weight: 0.5 },
    { name: "3", x: [[-2.875], [-2.5], [-2.125], [1.9375]], y: [0.5625, -0.5625, -0.5625, -0.5625] },
  ];
  const regularizer = kNorm(matrixKinship(k));
  const model = fitLinear({ tasks, loss: huber({ threshold: 0.5 }), regularizer, lambda: 2, intercept: "none" });
  expect(model.certificate.converged).toBe(true);
  expect(model.objective).toBeGreaterThan(0);
});

// K would be 12.8 GB.
test("40,000 tasks on a ring with chords, logistic loss: K is never formed", () => {
  const count = 40_000;
  const random = createRandom(3);
  const name = (t: number) => `t${t % count}`;
  const edges = Array.from({ length: count }, (_, t): [string, string, number] => [name(t), name(t + 1), 1]);
  for (let t = 0; t < count; t += 4) edges.push([name(t), name(t + 997), 0.5]);
  const tasks = Array.from({ length: count }, (_, t) => {
    const slope = Math.sin((2 * Math.PI * t) / count);
    const x = [0, 1, 2].map(() => [2 * random() - 1, 2 * random() - 1]);
    return { name: name(t), x, y: x.map(([a]) => Number(slope * a! + 0.3 * (random() - 0.5) > 0)) };
  });
  const regularizer = kNorm(graphKinship({ edges, ridge: 0.01 }));
  const model = fitLinear({ tasks, loss: logistic(), regularizer, lambda: 1, intercept: "none" });
  expect(model.certificate.converged).toBe(true);
  // What a quarter of the ring learned of its slope's sign: three rows alone would not tell.
  let right = 0;
  for (let t = 0; t < count; t++) {
    right += Number(model.weights[2 * t]! > 0 === t < count / 2);
  }
  expect(right / count).toBeGreaterThan(0.95);
});
