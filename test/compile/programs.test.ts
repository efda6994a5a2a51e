import { grad } from "@kinship/autodiff";
import { add, cast, isFloating, max, mean, slice, sort, type Tensor, tanh, tensor, zeros } from "@kinship/tensor";
import { compile, compiler, convolver, type Streamer, scan, streamer, verifier } from "@kinship/tensor/compile";
import * as routines from "@kinship/tensor/routines";
import fc from "fast-check";
import { expect, test } from "vitest";
import { interpret, randomProgram } from "./programs.js";

/** The first element in which the tensors are further apart than `tolerance`, if any. */
function difference(a: Tensor, b: Tensor, tolerance: number): string | undefined {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join())
    return `${b.dtype} [${b.shape}], not ${a.dtype} [${a.shape}]`;
  const [p, q] = [a.toTypedArray(), b.toTypedArray()];
  const k = p.findIndex(
    (x, n) => !(x === q[n] || (Number.isNaN(x) && Number.isNaN(q[n])) || Math.abs(x - q[n]) <= tolerance),
  );
  return k < 0 ? undefined : `element ${k} is ${q[k]}, evaluated ${p[k]}, tolerance ${tolerance}`;
}

test("compiled programs are evaluated ones: exactly where numbers are exact, else up to rounding", () => {
  fc.assert(
    fc.property(randomProgram, (program) => {
      const { inputs, f, tolerances } = interpret(program);
      const evaluated = f(...inputs);
      const tolerance = tolerances();
      const compiled = compile(f, { verify: verifier });
      // Twice: nothing of one call may be left in the memory that the next one counts on.
      compiled(...inputs);
      const results = compiled(...inputs);
      evaluated.forEach((x, k) => {
        const found = difference(x, results[k], tolerance[k]);
        if (found) throw new Error(`result ${k}: ${found}\n${compiled.explain(...inputs).passes.simplify}`);
      });
    }),
  );
});

/** Stretches of programs in general are 2¹⁸ bytes. */
const usualStretch = 2 ** 18;

test("programs that are run stretch by stretch are evaluated ones", () => {
  const seen = new Set<string>();
  let hasTotals = false;
  /** Cuts programs as small as these, too. */
  const cutting = (bytes: number): Streamer => ({
    ...streamer,
    cut(program, _, partly) {
      const cut = streamer.cut(program, bytes / usualStretch, partly);
      hasTotals = cut?.totals !== undefined;
      if (!cut) return undefined;
      seen.add(cut.split ? "first kernels" : cut.totals ? "all but totals" : "all");
      if (cut.rows % cut.rowsInStretch > 0) seen.add("a shorter stretch at the end");
      return cut;
    },
  });
  fc.assert(
    // Short ones too, of one result: all of a large one is seldom cut. Sorting the largest of each row, which loops
    // cannot do, leaves the first kernels to be cut; it is as far off as what it sorts.
    fc.property(randomProgram, fc.integer({ min: 1, max: 80 }), fc.boolean(), (program, most, sorts) => {
      const { inputs, f, tolerances } = interpret({ ...program, lines: program.lines.slice(0, most), outputs: [] });
      const g = (...xs: Tensor[]): Tensor => {
        const [y] = f(...xs);
        return sorts && y.dimension > 1 && y.size > 0
          ? sort(max(y, { axis: y.shape.slice(1).map((_, k) => k + 1) }))
          : y;
      };
      const evaluated = g(...inputs);
      const [tolerance] = tolerances();
      const inOnePiece = compiler({ routines, convolver })(g)(...inputs);
      // A row at a time, or several.
      for (const bytes of [4, 24, 56]) {
        const compiled = compiler({ routines, convolver, streamer: cutting(bytes) })(g, { verify: verifier });
        // The second call goes through the stretches the other way.
        for (const call of [1, 2]) {
          const result = compiled(...inputs);
          // But for totals they are the bits of one piece: threads have longer stretches, and no others' bits.
          const found =
            difference(evaluated, result, tolerance) ?? (hasTotals ? undefined : difference(inOnePiece, result, 0));
          if (found) throw new Error(`call ${call}, stretches of ${bytes} bytes: ${found}`);
        }
      }
    }),
  );
  expect(seen).toEqual(new Set(["all", "all but totals", "first kernels", "a shorter stretch at the end"]));
});

test("gradients of random programs are the evaluated ones", () => {
  fc.assert(
    fc.property(randomProgram, (program) => {
      const wide = program.inputs.map((x) => ({ ...x, dtype: x.dtype === "float32" ? ("float64" as const) : x.dtype }));
      const { inputs, f } = interpret({ ...program, inputs: wide });
      const at = inputs.filter((x) => isFloating(x.dtype));
      // Bounded, so that gradients are: else their sizes would say nothing about what is lost to rounding.
      const loss = (xs: readonly Tensor[]): Tensor => {
        let next = 0;
        const all = inputs.map((x) => (isFloating(x.dtype) ? xs[next++] : x));
        const real = f(...all).filter((y) => isFloating(y.dtype));
        return real.reduce((total, y) => add(total, cast(mean(tanh(y)), "float64")), zeros([], "float64"));
      };
      if (at.length === 0 || f(...inputs).some((y) => y.size === 0)) return;
      const evaluated = grad(loss)(at);
      const compiled = compile(grad(loss), { verify: verifier });
      const results = compiled(at);
      const { record } = compiled.explain(at).passes;
      const relative = record.includes("float32") ? 1e-3 : 1e-9;
      evaluated.forEach((x, k) => {
        const largest = Math.max(1, ...Array.from(x.toTypedArray(), Math.abs));
        const found = difference(x, results[k], relative * largest);
        if (found) throw new Error(`gradient ${k}: ${found}\n${record}`);
      });
    }),
  );
});

test("a scan of a random step is the same bits as its calls one after another", () => {
  const likeness = ({ dtype, shape }: Tensor) => `${dtype} [${shape}]`;
  fc.assert(
    fc.property(randomProgram, fc.nat(5), (program, turn) => {
      const { inputs, f } = interpret(program);
      // Each state becomes a result like it, or another state like it, if there is one: all kinds of ways round.
      const step = (state: Tensor[], x: Tensor) => {
        const results = f(...state);
        const all = [...results, ...state];
        const next = state.map((s, k) => {
          const like = all.filter((y) => likeness(y) === likeness(s));
          return like[(turn + k) % like.length];
        });
        return { state: next, output: [add(x, 1), ...results] };
      };
      const rows = tensor([1, 2, 3]);
      const scanned = scan(step, inputs, rows, { verify: verifier });
      const compiled = compile(step);
      let state = inputs;
      for (const [k, row] of [1, 2, 3].entries()) {
        const made = compiled(state, tensor(row));
        state = made.state;
        made.output.forEach((x, n) => {
          const found = difference(x, slice(scanned.output[n], [k]), 0);
          if (found) throw new Error(`step ${k}, output ${n}: ${found}`);
        });
      }
      state.forEach((x, k) => {
        const found = difference(x, scanned.state[k], 0);
        if (found) throw new Error(`state ${k}: ${found}`);
      });
    }),
  );
});

test("random programs reach loops, products and host kernels, and are large", () => {
  const kinds = new Map<string, number>();
  let lines = 0;
  const programs = fc.sample(randomProgram, { numRuns: 40, seed: 7 });
  for (const program of programs) {
    const { inputs, f } = interpret(program);
    const explanation = compile(f).explain(...inputs);
    for (const { kind } of explanation.kernels) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    lines += explanation.passes.simplify.split("\n").length;
  }
  expect([...kinds.keys()].sort()).toEqual(["host", "loops", "product"]);
  expect(lines / programs.length).toBeGreaterThan(15);
});
