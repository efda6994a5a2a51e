import {
  graphKinship,
  identityKinship,
  type KinshipBuilder,
  matrixKinship,
  meanKinship,
  treeKinship,
} from "@kinship/mtl";
import fc from "fast-check";
import type { PlainTask } from "./oracle.js";
import { solveDense } from "./oracle.js";

/** Sixteenths, so that sums are nearly exact and shrinking reads well. */
const sixteenth = fc.integer({ min: -64, max: 64 }).map((k) => k / 16);

export function tasksOf(sizes: { min: number; max: number } = { min: 1, max: 5 }): fc.Arbitrary<PlainTask[]> {
  return fc.integer({ min: 1, max: 4 }).chain((d) =>
    fc
      .array(
        fc.record({
          rows: fc.array(fc.tuple(fc.array(sixteenth, { minLength: d, maxLength: d }), sixteenth), {
            minLength: 1,
            maxLength: 6,
          }),
          weight: fc.constantFrom(1, 0.5, 3),
        }),
        { minLength: sizes.min, maxLength: sizes.max },
      )
      .map((tasks) =>
        tasks.map(({ rows, weight }, t) => ({
          name: `task ${t}`,
          x: rows.map(([x]) => x),
          y: rows.map(([, y]) => y),
          weight,
        })),
      ),
  );
}

export const penalty = fc.integer({ min: -6, max: 8 }).map((k) => 2 ** k);

/** A builder, and K written out from its definition for T tasks. */
export interface Relation {
  readonly name: string;
  readonly kinship: (count: number) => KinshipBuilder;
  readonly matrix: (count: number) => number[][];
}

const square = (count: number, entry: (i: number, j: number) => number) =>
  Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => entry(i, j)));

const chain = (count: number) =>
  Array.from({ length: count - 1 }, (_, i) => [`task ${i}`, `task ${i + 1}`, 1 + i / 2] as const);
const ring = (count: number) =>
  count < 3 ? chain(count) : [...chain(count), [`task ${count - 1}`, "task 0", 0.25] as const];

function laplacian(count: number, edges: readonly (readonly [string, string, number])[], ridge: number): number[][] {
  const k = square(count, (i, j) => (i === j ? ridge : 0));
  for (const [a, b, weight] of edges) {
    const [i, j] = [Number(a.slice(5)), Number(b.slice(5))];
    k[i]![i]! += weight;
    k[j]![j]! += weight;
    k[i]![j]! -= weight;
    k[j]![i]! -= weight;
  }
  return k;
}

/** Tasks 0, 2, 4 … under "even" and the others under "odd", both under "odd"'s parent "top"; task 0 is a parent of "extra". */
function treeParents(count: number): Map<string, string | null> {
  const parents = new Map<string, string | null>();
  for (let t = 0; t < count; t++) parents.set(`task ${t}`, t % 2 === 0 ? "even" : "odd");
  return parents.set("extra", "task 0").set("even", "middle").set("middle", "top").set("odd", "top").set("top", null);
}

/** K of a tree: the Schur complement K_tt − K_tl K_ll⁻¹ K_lt of Σ over edges (w_child − w_parent)² + μ w_root². */
function treeMatrix(count: number, shrinkage: number): number[][] {
  const parents = treeParents(count);
  const names = [...parents.keys()];
  const full = square(names.length, () => 0);
  for (const [child, parent] of parents) {
    const i = names.indexOf(child);
    if (parent === null) {
      full[i]![i]! += shrinkage;
      continue;
    }
    const j = names.indexOf(parent);
    full[i]![i]! += 1;
    full[j]![j]! += 1;
    full[i]![j]! -= 1;
    full[j]![i]! -= 1;
  }
  const latent = full.slice(count).map((row) => row.slice(count));
  const solved = Array.from({ length: count }, (_, t) =>
    solveDense(
      latent,
      full.slice(count).map((row) => row[t]!),
    ),
  );
  return square(count, (i, j) => {
    let value = full[i]![j]!;
    for (const [l, row] of full.slice(count).entries()) value -= row[i]! * solved[j]![l]!;
    return value;
  });
}

/** A Gram matrix of rank two: semi-definite once there are three tasks. */
const rankTwo = (count: number) => square(count, (i, j) => 1 + (i - 1) * (j - 1) * 0.5);

export const relations: readonly Relation[] = [
  {
    name: "identity",
    kinship: () => identityKinship(),
    matrix: (count) => square(count, (i, j) => (i === j ? 1 : 0)),
  },
  {
    name: "mean",
    kinship: () => meanKinship({ shrinkage: 0.5 }),
    matrix: (count) => square(count, (i, j) => (i === j ? 1 : 0) - 1 / (count + 0.5)),
  },
  {
    name: "chain",
    kinship: (count) => graphKinship({ edges: chain(count), ridge: 0.25 }),
    matrix: (count) => laplacian(count, chain(count), 0.25),
  },
  {
    name: "ring",
    kinship: (count) => graphKinship({ edges: ring(count), ridge: 0.25 }),
    matrix: (count) => laplacian(count, ring(count), 0.25),
  },
  {
    name: "tree",
    kinship: (count) => treeKinship({ parents: treeParents(count), shrinkage: 0.5 }),
    matrix: (count) => treeMatrix(count, 0.5),
  },
  {
    name: "matrix of rank two",
    kinship: (count) => matrixKinship(rankTwo(count)),
    matrix: rankTwo,
  },
];
