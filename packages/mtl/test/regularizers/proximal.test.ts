import {
  type AnyRegularizer,
  clustered,
  elasticNet,
  graphFused,
  InputError,
  jointFeatures,
  kNorm,
  lasso,
  maxNorms,
  meanKinship,
  mtlFeat,
  orderedTasks,
  type RegularizerPenalty as Penalty,
  type Regularizer,
  ridge,
  sumOfRegularizers,
  taskNorms,
  traceNorm,
  treeKinship,
} from "@kinship/mtl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const tasks = ["a", "b", "c", "d"];
const width = 3;
const ring = [
  ["a", "b", 0.5],
  ["b", "c"],
  ["c", "d", 2],
  ["d", "a"],
  ["a", "c", 0.25],
] as const;

const regularizers: readonly Regularizer[] = [
  ridge(),
  lasso(),
  jointFeatures(),
  elasticNet(),
  elasticNet({ ratio: 0.9 }),
  taskNorms(),
  maxNorms(),
  traceNorm(),
  mtlFeat(),
  clustered({ clusters: 1 }),
  clustered({ clusters: 2, spread: 0.5 }),
  clustered({ clusters: 4 }),
  kNorm(meanKinship({ shrinkage: 0.5 })),
  graphFused({ edges: ring }),
  graphFused({ edges: [["a", "b"], ["d", "c", 3]] }), // biome-ignore format: one line
  orderedTasks(),
  orderedTasks({ order: ["c", "a", "d", "b"] }),
  sumOfRegularizers([{ regularizer: lasso() }, { regularizer: jointFeatures(), weight: 2 }]),
  sumOfRegularizers([{ regularizer: traceNorm() }, { regularizer: lasso() }, { regularizer: ridge(), weight: 0.5 }]),
  sumOfRegularizers([{ regularizer: orderedTasks() }, { regularizer: lasso(), weight: 0.5 }]),
];
const named = regularizers.map((regularizer, k) => [`${k} ${regularizer.name}`, regularizer] as const);

const matrix = fc
  .array(fc.integer({ min: -64, max: 64 }), { minLength: tasks.length * width, maxLength: tasks.length * width })
  .map((values) => Float64Array.from(values, (value) => value / 16));
const step = fc.integer({ min: -5, max: 4 }).map((k) => 2 ** k);

const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, entry, i) => sum + entry * b[i]!, 0);
const minus = (a: Float64Array, b: Float64Array) => a.map((entry, i) => entry - b[i]!);
const prox = (penalty: Penalty, v: Float64Array, by: number) => {
  const out = new Float64Array(v.length);
  penalty.proximal(v, by, out);
  return out;
};

describe.each(named)("the proximal operator of %s", (_, regularizer) => {
  const penalty = regularizer.on({ tasks, width });
  const objective = (u: Float64Array, v: Float64Array, by: number) =>
    inner(minus(u, v), minus(u, v)) / 2 + by * penalty.value(u);

  test("is firmly non-expansive", () => {
    fc.assert(
      fc.property(matrix, matrix, step, (v, other, by) => {
        const moved = minus(prox(penalty, v, by), prox(penalty, other, by));
        const scale = 1 + inner(v, v) + inner(other, other);
        expect(inner(moved, moved)).toBeLessThanOrEqual(inner(moved, minus(v, other)) + 1e-11 * scale);
      }),
    );
  });

  test("is the minimiser: every other point is worse by half its squared distance", () => {
    fc.assert(
      fc.property(matrix, matrix, step, fc.integer({ min: 0, max: 20 }), (v, other, by, halvings) => {
        const u = prox(penalty, v, by);
        const near = u.map((entry, i) => entry + other[i]! / 2 ** halvings);
        const distance = inner(minus(near, u), minus(near, u));
        const [best, worse] = [objective(u, v, by), objective(near, v, by)];
        expect(worse).toBeGreaterThanOrEqual(best + distance / 2 - 1e-12 * (1 + worse + inner(v, v)));
      }),
    );
  });

  test("is where a slow search without derivatives arrives", () => {
    fc.assert(
      fc.property(matrix, step, (v, by) => {
        const found = slowSearch((u) => objective(u, v, by), v);
        const u = prox(penalty, v, by);
        const far = minus(found, u);
        // Strong convexity turns what the search lacks into a distance.
        const lacking = objective(found, v, by) - objective(u, v, by);
        expect(lacking).toBeGreaterThanOrEqual(-1e-11 * (1 + inner(v, v)));
        expect(inner(far, far)).toBeLessThanOrEqual(2 * lacking + 1e-11 * (1 + inner(v, v)));
        expect(lacking).toBeLessThan(0.05 * (objective(v, v, by) - objective(u, v, by)) + 1e-9);
      }),
      { numRuns: 8 },
    );
  });

  test("may write over its argument", () => {
    fc.assert(
      fc.property(matrix, step, (v, by) => {
        const expected = prox(regularizer.on({ tasks, width }), v, by);
        const place = v.slice();
        regularizer.on({ tasks, width }).proximal(place, by, place);
        for (const [i, entry] of place.entries()) expect(entry).toBeCloseTo(expected[i]!, 11);
      }),
    );
  });

  test("leaves nothing of nothing", () => {
    const zero = new Float64Array(tasks.length * width);
    expect(prox(penalty, zero, 1).every((entry) => entry === 0)).toBe(true);
    expect(penalty.value(zero)).toBe(0);
  });

  if (penalty.dual !== undefined) {
    const { polar, conjugate } = penalty.dual;
    test("obeys Moreau: what it takes off is a subgradient, Ω(U) + Ω*(G) = ⟨U, G⟩", () => {
      fc.assert(
        fc.property(matrix, step, (v, by) => {
          const u = prox(penalty, v, by);
          const g = minus(v, u).map((entry) => entry / by);
          expect(polar(g)).toBeLessThanOrEqual(1 + (1e-10 * (1 + inner(v, v))) / by);
          const scale = 1 + inner(v, v) / Math.min(1, by);
          expect(Math.abs(penalty.value(u) + conjugate(g) - inner(u, g))).toBeLessThan(1e-11 * scale);
        }),
      );
    });

    test("has a dual that bounds: ⟨U, G⟩ ≤ Ω(U) + Ω*(G) for feasible G", () => {
      fc.assert(
        fc.property(matrix, matrix, (u, v) => {
          const reach = polar(v);
          const g = reach > 1 ? v.map((entry) => entry / reach) : v;
          expect(inner(u, g)).toBeLessThanOrEqual(penalty.value(u) + conjugate(g) + 1e-10 * (1 + inner(u, u)));
        }),
      );
    });
  }
});

/** Random directions of five kinds, each, and each set of tasks, with steps that shrink where none of its own helps. */
function slowSearch(f: (u: Float64Array) => number, start: Float64Array): Float64Array {
  let best = start.slice();
  let value = f(best);
  const reaches = new Array<number>(4 + width * 2 ** tasks.length).fill(1);
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  for (let round = 0; round < 10_000; round++) {
    // Now one entry, now a feature, now all, now towards nothing, now some tasks together: kinks have faces of each of
    // these, and of the last where tasks are fused.
    const kind = round % 5;
    const one = Math.floor((random() + 0.5) * best.length);
    const together = Math.floor((random() + 0.5) * 2 ** tasks.length);
    const own = kind < 4 ? kind : 4 + (one % width) * 2 ** tasks.length + together;
    const reach = reaches[own]!;
    const shift = reach * random();
    const next = best.map((entry, i) => {
      if (kind === 0) return i === one ? entry + reach * random() : entry;
      if (kind === 1) return i % width === one % width ? entry + reach * random() : entry;
      if (kind === 2) return entry * (1 - Math.min(1, reach) * (i % width === one % width ? 0.5 : 0));
      if (kind === 3) return entry + reach * random();
      return i % width === one % width && (together >> Math.floor(i / width)) % 2 === 1 ? entry + shift : entry;
    });
    const candidate = f(next);
    if (candidate < value) {
      best = next;
      value = candidate;
      reaches[own] = reach * 1.3;
    } else reaches[own] = Math.max(1e-7, reach * (kind < 4 ? 0.985 : 0.9));
  }
  return best;
}

describe("values by their definitions", () => {
  const w = Float64Array.of(3, 0, 0, 4, 0, 0, 0, 0, 0, 0, 5, 0);
  const value = (regularizer: Regularizer) => regularizer.on({ tasks, width }).value(w);
  test.each<[string, Regularizer, number]>([
    ["ridge", ridge(), 25],
    ["lasso", lasso(), 12],
    ["joint features", jointFeatures(), 10],
    ["elastic net", elasticNet({ ratio: 0.25 }), 0.25 * 10 + 0.375 * 50],
    ["task norms", taskNorms(), 12],
    ["max norms", maxNorms(), 9],
    ["trace norm", traceNorm(), 10],
    ["mtl-feat", mtlFeat(), 100],
    // σ = (5, 5, 0), θ = η + k/2 each: ½ · 50 / (.1 + .5).
    ["clustered", clustered({ clusters: 1, spread: 0.1 }), 25 / 0.6],
    ["ordered", orderedTasks(), 1 + 4 + 5],
    ["fused", graphFused({ edges: [["a", "d", 2]] }), 2 * 8],
  ])("%s", (_, regularizer, expected) => {
    expect(value(regularizer)).toBeCloseTo(expected, 12);
  });

  test("clustered is the least over M of its definition", () => {
    // Ω(W) = ½ min tr(W (ηI + M)⁻¹ Wᵀ), with M diagonal where WᵀW is: σ² = (25, 25), and all (m, 1 − m).
    let least = Number.POSITIVE_INFINITY;
    for (let m = 0; m <= 1; m += 1 / 512) least = Math.min(least, (25 / (0.1 + m) + 25 / (1.1 - m)) / 2);
    expect(value(clustered({ clusters: 1, spread: 0.1 }))).toBeCloseTo(least, 12);
  });
});

describe("total variation", () => {
  const chain = tasks.slice(1).map((name, t) => [tasks[t]!, name] as const);
  test("of a chain by dynamic programming is that by maximum flow, where an edge is given in two halves", () => {
    const whole = orderedTasks().on({ tasks, width });
    const halves = graphFused({
      edges: chain.flatMap(([a, b]) => [[a, b, 0.5] as const, [b, a, 0.5] as const]),
    }).on({ tasks, width });
    fc.assert(
      fc.property(matrix, step, (v, by) => {
        const [one, other] = [prox(whole, v, by), prox(halves, v, by)];
        for (const [i, entry] of one.entries()) expect(entry).toBeCloseTo(other[i]!, 12);
      }),
    );
  });

  test("joins all of a connected graph at its mean when strong", () => {
    const penalty = graphFused({ edges: ring }).on({ tasks, width: 1 });
    const joined = prox(penalty, Float64Array.of(1, 2, 3, 10), 1000);
    for (const entry of joined) expect(entry).toBeCloseTo(4, 12);
  });
});

describe("what does not suit is refused", () => {
  const on = (regularizer: AnyRegularizer) => () => regularizer.kind === "single" && regularizer.on({ tasks, width });
  test.each<[string, () => unknown, RegExp]>([
    ["a ratio beyond 1", () => elasticNet({ ratio: 1.5 }), /share from 0 to 1/],
    ["no clusters", () => clustered({ clusters: 0 }), /from 1 on/],
    ["more clusters than tasks", on(clustered({ clusters: 5 })), /5 clusters of 4 tasks/],
    ["no spread", () => clustered({ clusters: 2, spread: 0 }), /finite number > 0/],
    ["an edge to nowhere", on(graphFused({ edges: [["a", "z"]] })), /"z", which is no task/],
    ["an edge to itself", on(graphFused({ edges: [["a", "a"]] })), /to itself/],
    ["a negative edge", on(graphFused({ edges: [["a", "b", -1]] })), /finite number > 0/],
    ["an order that misses a task", on(orderedTasks({ order: ["a", "b", "c"] })), /name each task once/],
    ["a sum of one", () => sumOfRegularizers([{ regularizer: lasso() }]), /two parts or more/],
    ["a part without weight", () => sumOfRegularizers([{ regularizer: lasso(), weight: 0 }, { regularizer: ridge() }]), /weight of lasso/], // biome-ignore format: one line
    ["a tree without the tasks", on(kNorm(treeKinship({ parents: new Map() }))), /no entry in parents/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(InputError);
  });
});
