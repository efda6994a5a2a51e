import { broadcastTo, sumTo, type Tensor, tensor } from "@kinship/tensor";
import { jvp } from "../forward.js";
import { vjp } from "../reverse.js";
import { scrambled } from "./layouts.js";
import { flat, type Problem } from "./problem.js";
import { DerivativeError, inputsOf, number, place, worst } from "./report.js";

interface Derivatives {
  readonly output: readonly Tensor[];
  readonly tangent: readonly Tensor[];
  readonly cotangent: readonly Tensor[];
}

function derivativesAt(
  run: Problem["run"],
  at: readonly Tensor[],
  v: readonly Tensor[],
  g: readonly Tensor[],
): Derivatives {
  const f = (...xs: Tensor[]) => run(xs);
  const [output, tangent] = jvp(f, at, v);
  return { output, tangent, cotangent: vjp(f, at).pullback([...g]) };
}

function checkSame(
  law: string,
  problem: Problem,
  found: Derivatives,
  expected: Derivatives,
  tolerance: number,
  names: readonly string[] = problem.inputs,
): void {
  for (const part of ["output", "tangent", "cotangent"] as const) {
    const [a, b] = [flat(found[part]), flat(expected[part])];
    const size = b.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
    const at = worst({ found: a, expected: b, allowed: () => tolerance * (size + 1e-3) });
    if (at === undefined) continue;
    throw new DerivativeError(law, [
      `${part}, ${place(part === "cotangent" ? names : problem.outputs, expected[part], at)}: ${number(a[at])} instead of ${number(b[at])}`,
      ...inputsOf(problem),
    ]);
  }
}

/** The same numbers behind other strides give the same results and derivatives. */
export function layoutDoesNotMatter(problem: Problem, v: readonly Tensor[], g: readonly Tensor[]): void {
  const plain = derivativesAt(problem.run, problem.at, v, g);
  const views = derivativesAt(problem.run, problem.at.map(scrambled), v.map(scrambled), g.map(scrambled));
  checkSame("strided views change the result", problem, views, plain, 1e-11);
}

/** Inputs are as before, and the same call gives the same numbers, to the bit. */
export function leavesInputsAlone(problem: Problem, v: readonly Tensor[], g: readonly Tensor[]): void {
  const given = [...problem.at, ...v, ...g];
  const before = given.map((x) => x.data.slice());
  const first = derivativesAt(problem.run, problem.at, v, g);
  const again = derivativesAt(problem.run, problem.at, v, g);
  given.forEach((x, k) => {
    if (!x.data.every((value, i) => Object.is(value, before[k][i])))
      throw new DerivativeError("an input was written to", [problem.inputs[k] ?? "a tangent or cotangent"]);
  });
  checkSame("the same call gives another result", problem, again, first, 0);
}

/**
 * An axis of size 1 counts as that axis repeated: same output, and the cotangent is the sum of those of the repeats.
 * For functions that broadcast their arguments against each other.
 */
export function broadcastingIsRepeating(problem: Problem, v: readonly Tensor[], g: readonly Tensor[]): void {
  problem.at.forEach((x, k) => {
    x.shape.forEach((size, axis) => {
      if (size < 2) return;
      const shape = x.shape.map((s, a) => (a === axis ? 1 : s));
      const first = (y: Tensor): Tensor => {
        const values = Float64Array.from(y.toTypedArray());
        const inside = y.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
        const kept = values.filter((_, n) => Math.floor(n / inside) % size === 0);
        return tensor(kept, { shape });
      };
      const swap = (xs: readonly Tensor[], change: (y: Tensor) => Tensor) =>
        xs.map((y, j) => (j === k ? change(y) : y));
      const small = [swap(problem.at, first), swap(v, first)] as const;
      const wide = small.map((xs) => swap(xs, (y) => broadcastTo(y, x.shape)));
      const one = problem.run(small[0]);
      // Where no other argument is as long along this axis, the output is shorter too.
      if (one.some((y, i) => y.size !== g[i].size)) return;
      const repeated = derivativesAt(problem.run, wide[0], wide[1], g);
      checkSame(
        "broadcasting an argument differs from repeating it",
        problem,
        derivativesAt(problem.run, small[0], small[1], g),
        { ...repeated, cotangent: swap(repeated.cotangent, (c) => sumTo(c, shape)) },
        1e-11,
      );
    });
  });
}

/** In float32 the derivatives are those of float64, to its precision, and of the argument's dtype. */
export function narrowAgreesWithWide(
  narrow: Problem,
  wide: Problem,
  v: readonly Tensor[],
  g: readonly Tensor[],
  tolerance: number,
): void {
  const like = (xs: readonly Tensor[], ys: readonly Tensor[]) =>
    xs.map((x, k) => tensor(x.toTypedArray(), { shape: x.shape, dtype: ys[k].dtype }));
  const outputs = narrow.run(narrow.at);
  const found = derivativesAt(narrow.run, narrow.at, like(v, narrow.at), like(g, outputs));
  found.cotangent.forEach((c, k) => {
    if (c.dtype !== narrow.at[k].dtype)
      throw new DerivativeError("a cotangent has another dtype than its argument", [
        `${narrow.inputs[k]} is ${narrow.at[k].dtype}, its cotangent ${c.dtype}`,
      ]);
  });
  checkSame("float32 differs from float64", narrow, found, derivativesAt(wide.run, wide.at, v, g), tolerance);
}
