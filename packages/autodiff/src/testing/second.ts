import { add, mul, square, sum, type Tensor } from "@kinship/tensor";
import { jvp } from "../forward.js";
import { grad } from "../gradient.js";
import { againstDifferences } from "./forward.js";
import { flat, moved, type Problem } from "./problem.js";
import { DerivativeError, inputsOf, number, off, place, rounded, worst } from "./report.js";

const inner = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
  a.map((x, k) => sum(mul(x, b[k]))).reduce((total, term) => add(total, term));

/**
 * The Hessian of Σ w y² times v: forward over reverse, reverse over reverse and forward over forward, which must agree,
 * and differences of the gradient. Squared, so that linear functions have a second derivative too.
 */
export function secondOrderAgrees(
  problem: Problem,
  v: readonly Tensor[],
  w: readonly Tensor[],
  tolerance: { readonly modes: number; readonly differences: number },
): void {
  const { at } = problem;
  const loss = (xs: readonly Tensor[]): Tensor =>
    inner(
      w,
      problem.run(xs).map((y) => square(y)),
    );
  const gradient = (xs: readonly Tensor[]): readonly Tensor[] => grad(loss)(xs);
  const [g, product] = jvp(gradient, [at], [v]);
  const forwardOverReverse = flat(product);
  const reverseOverReverse = flat(grad((xs: Tensor[]) => inner(gradient(xs), v))([...at]));
  const along = (...xs: Tensor[]): Tensor => jvp(loss, [xs], [v])[1];
  const forwardOverForward = jvp(along, at, v)[1].item();
  const size = [...forwardOverReverse, ...flat(g)].reduce((top, x) => Math.max(top, Math.abs(x)), 0);
  const allowed = (k: number): number => tolerance.modes * (Math.abs(forwardOverReverse[k]) + size) + rounded;
  const wrong = worst({ found: reverseOverReverse, expected: forwardOverReverse, allowed });
  const fail = (law: string, k: number, found: string): never => {
    throw new DerivativeError(law, [
      `Hessian times v, ${place(problem.inputs, at, k)}: ${found}`,
      ...inputsOf(problem),
    ]);
  };
  if (wrong !== undefined)
    fail(
      "second order: reverse over reverse differs from forward over reverse",
      wrong,
      `${number(reverseOverReverse[wrong])} and ${number(forwardOverReverse[wrong])}, ${off(reverseOverReverse[wrong], forwardOverReverse[wrong])}`,
    );
  const terms = Array.from(flat(v), (x, k) => x * forwardOverReverse[k]);
  const expected = terms.reduce((a, b) => a + b, 0);
  const scale = terms.reduce((total, x) => total + Math.abs(x), 0) + size;
  if (!(Math.abs(forwardOverForward - expected) <= tolerance.modes * scale + rounded))
    throw new DerivativeError("second order: forward over forward differs from forward over reverse", [
      `vᵀHv: ${number(forwardOverForward)} and ${number(expected)}, ${off(forwardOverForward, expected)}`,
      ...inputsOf(problem),
    ]);
  const failed = againstDifferences(
    forwardOverReverse,
    (t) => flat(gradient(moved(at, t, v))),
    tolerance.differences,
    (k, error) =>
      new DerivativeError("differences of the gradient do not settle, so that nothing is proved", [
        `${place(problem.inputs, at, k)}: they are uncertain by ${error.toPrecision(3)}; is the gradient smooth here?`,
        ...inputsOf(problem),
      ]),
  );
  if (failed)
    fail(
      "second order: the derivative of the gradient differs from its finite differences",
      failed.at,
      `${number(failed.found)}, differences ${number(failed.expected)} ± ${failed.error.toPrecision(2)}, ${off(failed.found, failed.expected)}`,
    );
}
