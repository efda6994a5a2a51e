import { type Tensor, tensor } from "@kinship/tensor";
import { jvp } from "../forward.js";
import { vjp } from "../reverse.js";
import { flat, type Problem } from "./problem.js";
import { DerivativeError, inputsOf, number, off, place, rounded } from "./report.js";

function products(a: Float64Array, b: Float64Array): { total: number; size: number } {
  let total = 0;
  let size = 0;
  for (let k = 0; k < a.length; k++) {
    total += a[k] * b[k];
    size += Math.abs(a[k] * b[k]);
  }
  return { total, size };
}

/** ⟨g, J v⟩ = ⟨Jᵀ g, v⟩, without differences: whatever the step, to rounding. */
export function reverseIsTransposeOfForward(
  problem: Problem,
  v: readonly Tensor[],
  g: readonly Tensor[],
  tolerance: number,
): void {
  const run = (...xs: Tensor[]) => problem.run(xs);
  const [, t] = jvp(run, problem.at, v);
  const back = vjp(run, problem.at).pullback([...g]);
  checkSignatures(problem, back);
  const forward = products(flat(g), flat(t));
  const reverse = products(flat(back), flat(v));
  const difference = Math.abs(forward.total - reverse.total);
  if (difference <= tolerance * (forward.size + reverse.size) + rounded) return;
  if (Number.isNaN(forward.total) && Number.isNaN(reverse.total)) return;
  throw new DerivativeError("vjp is not the transpose of jvp", [
    `⟨g, Jv⟩ = ${number(forward.total)}, ⟨Jᵀg, v⟩ = ${number(reverse.total)}`,
    ...locate(problem),
    ...inputsOf(problem),
  ]);
}

function checkSignatures(problem: Problem, back: readonly Tensor[]): void {
  back.forEach((c, k) => {
    const x = problem.at[k];
    const [found, expected] = [c, x].map(({ shape, dtype }) => `[${shape.join(", ")}] ${dtype}`);
    if (found !== expected)
      throw new DerivativeError("a cotangent has another shape or dtype than its argument", [
        `${problem.inputs[k]} is ${expected}, its cotangent ${found}`,
        ...(c.size > x.size ? ["is a sum over broadcast axes missing?"] : []),
      ]);
  });
}

const unit = (xs: readonly Tensor[], which: number, position: number): Tensor[] =>
  xs.map((x, k) => {
    const values = new Float64Array(x.size);
    if (k === which) values[position] = 1;
    return tensor(values, { shape: x.shape, dtype: x.dtype });
  });

/** The entry of the Jacobian in which the two modes differ most. */
function locate(problem: Problem): string[] {
  const run = (...xs: Tensor[]) => problem.run(xs);
  const { output, pullback } = vjp(run, problem.at);
  let most = 0;
  let report: string[] = [];
  const columns = problem.at.flatMap((x, j) =>
    Array.from({ length: x.size }, (_, k) => flat(jvp(run, problem.at, unit(problem.at, j, k))[1])),
  );
  let row = 0;
  output.forEach((y, i) => {
    for (let k = 0; k < y.size; k++, row++) {
      const reverse = flat(pullback(unit(output, i, k)));
      for (const [column, forward] of columns.entries()) {
        const difference = Math.abs(forward[row] - reverse[column]);
        if (difference <= most) continue;
        most = difference;
        report = [
          `∂ ${place(problem.outputs, output, row)} / ∂ ${place(problem.inputs, problem.at, column)}: jvp ${number(forward[row])}, vjp ${number(reverse[column])}, ${off(reverse[column], forward[row])}`,
        ];
      }
    }
  });
  return report;
}
