import { createRandom, type FitOptions, fitKNorm, graphKinship, matrixKinship, type Task } from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aggregationsOf } from "../../src/linear/aggregates.js";
import { createConjugateGradientSolver } from "../../src/linear/conjugate-gradient.js";
import { createDenseSolver } from "../../src/linear/dense-solver.js";
import { designOf } from "../../src/linear/design.js";
import { emptyGrams, gramsByFold } from "../../src/linear/grams.js";
import { createLevels } from "../../src/linear/levels.js";
import { applySystem, createSystem } from "../../src/linear/system.js";
import { type Edge, type PrecisionGraph, precisionGraph } from "../../src/relations/kinship.js";

/** Tasks of a few rows, fewer than features. */
function tasksAround(count: number, features: number, rows: number, seed = 1): Task[] {
  const random = createRandom(seed);
  const draw = () => random() + random() - 1;
  return Array.from({ length: count }, (_, t) => {
    const x = Array.from({ length: rows }, () => Array.from({ length: features }, draw));
    return { name: `t${t}`, x, y: x.map((row) => row[0]! * Math.sin(t / 9) + row.at(-1)! + draw() / 4) };
  });
}

const ring = (count: number, reach: number): [string, string, number][] =>
  Array.from({ length: count * reach }, (_, k) => {
    const [t, step] = [k % count, 1 + Math.floor(k / count)];
    return [`t${t}`, `t${(t + step) % count}`, 1 / step];
  });

/** Cells of a square joined to those right and below, straight and across. */
const grid = (side: number): [string, string, number][] =>
  [
    [0, 1],
    [1, 0],
    [1, 1],
    [1, -1],
  ].flatMap(([down, right]) =>
    Array.from({ length: side * side }, (_, cell) => [Math.floor(cell / side), cell % side] as const)
      .map(([row, column]) => [row, column, row + down!, column + right!] as const)
      .filter(([, , row, column]) => row < side && column >= 0 && column < side)
      .map(([row, column, below, beside]): [string, string, number] => [
        `t${row * side + column}`,
        `t${below * side + beside}`,
        1,
      ]),
  );

/** A task that all are tied to, and each to the next. */
const wheel = (count: number): [string, string, number][] => [
  ...ring(count, 1),
  ...Array.from({ length: count - 3 }, (_, t): [string, string, number] => ["t0", `t${t + 2}`, 1]),
];

function dense({ size, diagonal, from, to, value }: PrecisionGraph): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let node = 0; node < size; node++) matrix[node * size + node] = diagonal[node]!;
  for (let edge = 0; edge < value.length; edge++) {
    const [a, b] = [from[edge]!, to[edge]!];
    matrix[a * size + b]! += value[edge]!;
    matrix[b * size + a]! += value[edge]!;
  }
  return matrix;
}

const graphs = fc
  .record({
    size: fc.integer({ min: 2, max: 24 }),
    pairs: fc.array(fc.tuple(fc.nat(23), fc.nat(23), fc.integer({ min: -2, max: 6 })), { maxLength: 60 }),
    ridge: fc.constantFrom(0.01, 1),
  })
  .map(({ size, pairs, ridge }) => {
    const merged = new Map<string, Edge>();
    const diagonal = new Float64Array(size).fill(ridge);
    for (const [a, b, weight] of pairs) {
      const [from, to] = [Math.min(a % size, b % size), Math.max(a % size, b % size)];
      if (from === to || weight === 0 || merged.has(`${from} ${to}`)) continue;
      merged.set(`${from} ${to}`, [from, to, -weight]);
      diagonal[from]! += Math.abs(weight);
      diagonal[to]! += Math.abs(weight);
    }
    return precisionGraph(diagonal, [...merged.values()]);
  });

describe("aggregates of nodes", () => {
  test("their graph is the sum over members, and shrinks from level to level", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        let fine = graph;
        for (const { coarseOf, graph: coarse } of aggregationsOf(graph)) {
          expect(coarse.size).toBeLessThan(fine.size);
          const expected = new Float64Array(coarse.size * coarse.size);
          for (const [at, value] of dense(fine).entries()) {
            const [i, j] = [Math.floor(at / fine.size), at % fine.size];
            expected[coarseOf[i]! * coarse.size + coarseOf[j]!]! += value;
          }
          for (const [at, value] of dense(coarse).entries()) expect(value).toBeCloseTo(expected[at]!, 9);
          fine = coarse;
        }
      }),
    );
  });

  test.each([
    ["ring", ring(100, 2), 100],
    ["grid", grid(10), 100],
    ["wheel", wheel(100), 100],
  ])("a %s ends as one node", (_, edges, count) => {
    const { precision } = graphKinship({ edges })(tasksAround(count, 1, 1).map(({ name }) => name));
    expect(aggregationsOf(precision).at(-1)!.graph.size).toBe(1);
  });

  test("a graph drawn at random has none that would be worth while", () => {
    const random = createRandom(3);
    const edges = Array.from({ length: 20_000 }, (_, k): [string, string] => {
      const from = k % 4000;
      return [`t${from}`, `t${(from + 1 + Math.floor(random() * 3999)) % 4000}`];
    });
    const { precision } = graphKinship({ edges })(tasksAround(4000, 1, 1).map(({ name }) => name));
    expect(aggregationsOf(precision)).toEqual([]);
  });
});

describe("the solver for graphs", () => {
  test("finds what one dense factorisation finds", () => {
    fc.assert(
      fc.property(graphs, fc.constantFrom(0, 0.05, 3, 200), fc.constantFrom(0.3, 50), (graph, intercept, slope) => {
        // The last third of the nodes are latent.
        const tasks = tasksAround(Math.max(1, Math.ceil((2 * graph.size) / 3)), 3, 5);
        const [grams] = gramsByFold(designOf(tasks, "test"), true, 1, []);
        const solvers = [createDenseSolver, createConjugateGradientSolver].map((create) => create(grams!, graph, 3));
        const right = new Float64Array(graph.size * grams!.width);
        right.set(grams!.moments);
        const [exact, found] = solvers.map((solver) => {
          expect(solver.factor(slope, intercept)).toBe(-1);
          const out = new Float64Array(right.length);
          solver.solve(right, out);
          return out;
        });
        const size = exact!.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
        for (const [i, value] of exact!.entries()) expect(Math.abs(found![i]! - value) / size).toBeLessThan(1e-4);
      }),
    );
  });

  // 400 tasks in a ring: information has far to go.
  test.each([0.01, 1, 100, 1e4, 1e6])("certifies a long ring, λ = %s", (lambda) => {
    const tasks = tasksAround(400, 3, 2);
    const edges = ring(400, 2);
    const model = fitKNorm({ tasks, kinship: graphKinship({ edges }), lambda });
    expect(model.certificate.solver).toBe("conjugate-gradient");
    expect(model.certificate.residual).toBeLessThan(1e-13);
    expect(model.certificate.converged).toBe(true);
    // ∇L, by its definition.
    let [left, terms] = [0, 0];
    const pull = new Float64Array(400 * 4);
    const at = (t: number, i: number) => (i < 3 ? model.weights[t * 3 + i]! : model.intercepts[t]!);
    for (const [a, b, weight] of edges) {
      const [from, to] = [Number(a.slice(1)), Number(b.slice(1))];
      for (let i = 0; i < 4; i++) {
        const force = weight * (at(from, i) - at(to, i));
        pull[from * 4 + i]! += force;
        pull[to * 4 + i]! -= force;
      }
    }
    for (const [t, { x, y }] of tasks.entries()) {
      const gradient = new Float64Array(4);
      for (const [k, row] of (x as number[][]).entries()) {
        const inputs = [...row, 1];
        const score = inputs.reduce((sum, value, i) => sum + value * at(t, i), 0);
        for (let i = 0; i < 4; i++) {
          gradient[i]! += 2 * inputs[i]! * (score - (y as number[])[k]!);
          terms += 2 * Math.abs(inputs[i]! * (y as number[])[k]!);
        }
      }
      for (let i = 0; i < 4; i++) left += Math.abs(gradient[i]! + lambda * (pull[t * 4 + i]! + 1e-3 * at(t, i)));
    }
    expect(left / terms).toBeLessThan(1e-8 * Math.max(1, lambda / 100));
  });

  test.each([
    ["ring", (count: number) => ring(count, 2)],
    ["grid", (count: number) => grid(Math.sqrt(count))],
    ["wheel", wheel],
  ])("takes hardly more iterations for 6,400 tasks in a %s than for 400", (_, edgesOf) => {
    for (const lambda of [1, 1000, 1e5]) {
      const [few, many] = [400, 6400].map((count) => {
        const tasks = tasksAround(count, 3, 2);
        return fitKNorm({ tasks, kinship: graphKinship({ edges: edgesOf(count) }), lambda }).certificate;
      });
      expect(many!.residual).toBeLessThan(1e-13);
      expect(many!.iterations).toBeLessThanOrEqual(1.4 * few!.iterations);
      expect(many!.iterations).toBeLessThanOrEqual(60);
    }
  });

  test("cycles precondition as a symmetric positive definite matrix does, and say what the system makes of them", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const width = 2;
        const random = createRandom(5);
        const grams = emptyGrams(Math.max(1, Math.ceil((2 * graph.size) / 3)), width);
        grams.matrices.set(grams.matrices.map((_, i) => (i % 4 === 0 || i % 4 === 3 ? 1 + random() : 0.3)));
        const penalties = Float64Array.of(2, 0.5);
        const system = createSystem(grams, graph, penalties);
        const levels = createLevels(grams, graph, penalties);
        expect(levels.factor()).toBe(-1);
        const draw = () => Float64Array.from({ length: graph.size * width }, () => random() - 0.5);
        const apply = (v: Float64Array) => {
          const [out, image, product] = [v.slice(), v.slice(), v.slice()];
          levels.apply(v, out, image);
          applySystem(system, out, product);
          for (const [i, value] of product.entries()) expect(image[i]).toBeCloseTo(value, 9);
          return out;
        };
        const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
        const [u, v] = [draw(), draw()];
        expect(inner(u, apply(v))).toBeCloseTo(inner(v, apply(u)), 9);
        expect(inner(u, apply(u))).toBeGreaterThan(0);
      }),
    );
  });
});

/** Rows of tasks whose first feature is not told from the others. */
const unclear = {
  "a column of zeros": (row: number[]) => [0, ...row.slice(1)],
  "a column twice": (row: number[]) => [row[1]!, ...row.slice(1)],
  "a column that is a sum": (row: number[]) => [row[1]! + row[2]! / 2, ...row.slice(1)],
} as const;

describe("what a system too large to be factored leaves undetermined", () => {
  const count = 300;
  const named = Array.from({ length: count }, (_, t) => t);
  const refusal = (options: Omit<FitOptions, "lambda">, lambda: number) => {
    try {
      return fitKNorm({ ...options, lambda }).certificate.solver;
    } catch (error) {
      return (error as Error).message;
    }
  };
  /** The Gram matrix of the tasks' points in a plane: all but two combinations of tasks go unpenalised. */
  const plane = matrixKinship(
    named.map((i) => named.map((j) => Math.cos(i) * Math.cos(j) + Math.sin(i) * Math.sin(j))),
  );

  test.each(Object.entries(unclear))("%s, where kin are tied to nothing else, is refused at any λ", (_, change) => {
    for (const intercept of ["coupled", "free", "none"] as const) {
      const tasks = tasksAround(count, 3, 5).map((task) => ({ ...task, x: (task.x as number[][]).map(change) }));
      const edges = ring(count, 2);
      for (const lambda of [1e-6, 1, 1e6]) {
        const loose = { tasks, kinship: graphKinship({ edges, ridge: 0 }), intercept };
        expect(refusal(loose, lambda)).toMatch(/no unique minimum.*raise λ/);
        expect(refusal({ ...loose, kinship: graphKinship({ edges }) }, lambda)).toBe("conjugate-gradient");
      }
    }
  });

  test("without a penalty each task has to have enough rows, and with a K of rank two all of them together", () => {
    const kinship = graphKinship({ edges: ring(count, 2) });
    const [few, enough] = [2, 4].map((rows) => tasksAround(count, 3, rows));
    expect(refusal({ tasks: few!, kinship, intercept: "none" }, 0)).toMatch(/no unique minimum/);
    expect(refusal({ tasks: enough!, kinship, intercept: "none" }, 0)).toBe("conjugate-gradient");
    expect(refusal({ tasks: few!, kinship: plane, intercept: "none" }, 1)).toMatch(/no unique minimum/);
    expect(refusal({ tasks: enough!, kinship: plane, intercept: "none" }, 1)).toBe("conjugate-gradient");
  });

  test("a system that is badly conditioned, and determined, is solved", () => {
    for (const scale of [1e-3, 1e-5]) {
      const nearly = ([, a, b]: number[]) => [a! + scale * b! ** 2, a!, b!];
      const tasks = tasksAround(count, 3, 5).map((task) => ({ ...task, x: (task.x as number[][]).map(nearly) }));
      const kinship = graphKinship({ edges: ring(count, 2), ridge: 0 });
      for (const lambda of [1e-3, 1, 1000]) expect(refusal({ tasks, kinship }, lambda)).toBe("conjugate-gradient");
    }
  });

  test("is what one dense factorisation leaves undetermined", () => {
    const features = 3;
    const drawn = fc.record({
      graph: graphs.filter(({ value }) => value.length > 0),
      held: fc.boolean(),
      change: fc.constantFrom((row: number[]) => row, ...Object.values(unclear)),
      rows: fc.constantFrom(1, 2, 5),
      intercept: fc.boolean(),
      penalties: fc.tuple(fc.constantFrom(0, 1e-6, 1, 1e6), fc.constantFrom(0, 1e-3, 100)),
    });
    fc.assert(
      fc.property(drawn, ({ graph, held, change, rows, intercept, penalties }) => {
        const tasks = tasksAround(graph.size, features, rows);
        const changed = tasks.map((task) => ({ ...task, x: (task.x as number[][]).map(change) }));
        const [grams] = gramsByFold(designOf(changed, "test"), intercept, 1, []);
        // Without what holds each task by itself P is a Laplacian, of signed edges where weights were negative.
        const diagonal = graph.diagonal.slice();
        if (!held) {
          diagonal.fill(0);
          for (const [edge, weight] of graph.value.entries()) {
            diagonal[graph.from[edge]!]! += Math.abs(weight);
            diagonal[graph.to[edge]!]! += Math.abs(weight);
          }
        }
        const [exact, found] = [createDenseSolver, createConjugateGradientSolver].map((create) =>
          create(grams!, { ...graph, diagonal }, features).factor(...penalties),
        );
        expect(found! >= 0).toBe(exact! >= 0);
      }),
      { numRuns: 1000 },
    );
  });
});
