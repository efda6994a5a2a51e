import { multiplyRows } from "../algebra/multiply-rows.js";
import type { DataTerm } from "./data-term.js";
import { minimiseIntercept } from "./intercept.js";
import type { Block, Problem } from "./problem.js";

export interface InterceptTreatment {
  /** Whether intercepts are there and minimised over. */
  readonly free: boolean;
  /** λ_b of (λ_b/2) Σ b². */
  readonly ridge: number;
}

/** F by way of the rows: for any loss. An evaluation costs two passes over the inputs. */
export function createRowTerm(problem: Problem, { free, ridge }: InterceptTreatment): DataTerm {
  const { blocks, features, outputs } = problem;
  const width = features * outputs;
  const size = blocks.length * width;
  const intercepts = new Float64Array(blocks.length * outputs);
  const scores = blocks.map(({ rows }) => new Float64Array(rows * outputs));
  const duals = blocks.map(({ rows }) => new Float64Array(rows * outputs));
  const images = new Float64Array(Math.max(...blocks.map(({ rows }) => rows)) * outputs);
  const column = new Float64Array(images.length);
  const curved = new Float64Array(images.length);
  const small = new Float64Array(outputs);

  /** z = X w of one task, [rows, outputs]. */
  function multiply({ x, rows }: Block, w: Float64Array, from: number, out: Float64Array): void {
    for (let c = 0; c < outputs; c++) {
      const start = from + c * features;
      if (outputs === 1) multiplyRows(x, 0, rows, features, w, start, out, 0);
      else {
        multiplyRows(x, 0, rows, features, w, start, column, 0);
        for (let i = 0; i < rows; i++) out[i * outputs + c] = column[i]!;
      }
    }
  }

  /** out = Σ_i u_i x_i of one task, each output in its place. */
  function gather({ x, rows }: Block, u: Float64Array, out: Float64Array, to: number): void {
    out.fill(0, to, to + width);
    for (let i = 0; i < rows; i++) {
      const from = i * features;
      for (let c = 0; c < outputs; c++) {
        const factor = u[i * outputs + c]!;
        if (factor === 0) continue;
        const start = to + c * features;
        for (let j = 0; j < features; j++) out[start + j] = out[start + j]! + factor * x[from + j]!;
      }
    }
  }

  function evaluate(w: Float64Array, gradient: Float64Array): number {
    let total = 0;
    for (const [t, block] of blocks.entries()) {
      const { loss, y, weights, rows } = block;
      const z = scores[t]!;
      const u = duals[t]!;
      multiply(block, w, t * width, z);
      if (free) {
        minimiseIntercept(block, z, ridge, intercepts, t * outputs);
        for (let i = 0; i < z.length; i++) z[i] = z[i]! + intercepts[t * outputs + (i % outputs)]!;
        for (let c = 0; c < outputs; c++) total += (ridge / 2) * intercepts[t * outputs + c]! ** 2;
      }
      for (let i = 0; i < rows; i++) {
        const at = i * outputs;
        total += weights[i]! * loss.value(z, at, y[i]!);
        loss.gradient(z, at, y[i]!, u);
        for (let c = at; c < at + outputs; c++) u[c] = weights[i]! * u[c]!;
      }
      gather(block, u, gradient, t * width);
    }
    return total;
  }

  function dual(scale: number): number {
    let total = 0;
    for (const [t, { loss, y, weights, rows }] of blocks.entries()) {
      const u = duals[t]!;
      for (let i = 0; i < rows; i++) {
        for (let c = 0; c < outputs; c++) small[c] = (scale * u[i * outputs + c]!) / weights[i]!;
        total -= weights[i]! * loss.conjugate(small, 0, y[i]!);
      }
      // (Σu)² / 2 ridge, where the intercept is at its best: Σu = −ridge b. The sum itself is rounding where ridge is small.
      for (let c = 0; free && c < outputs; c++) total -= (ridge / 2) * (scale * intercepts[t * outputs + c]!) ** 2;
    }
    return total;
  }

  function curve(v: Float64Array, out: Float64Array): void {
    for (const [t, block] of blocks.entries()) {
      const { loss, y, weights, rows } = block;
      multiply(block, v, t * width, images);
      for (let i = 0; i < rows; i++) {
        loss.curve(scores[t]!, i * outputs, y[i]!, images, curved);
        for (let c = i * outputs; c < (i + 1) * outputs; c++) curved[c] = weights[i]! * curved[c]!;
      }
      gather(block, curved, out, t * width);
    }
  }

  function diagonal(out: Float64Array): void {
    out.fill(0);
    const unit = new Float64Array(images.length);
    for (const [t, { x, loss, y, weights, rows }] of blocks.entries()) {
      for (let c = 0; c < outputs; c++) {
        for (let i = 0; i < rows; i++) {
          unit.fill(0, i * outputs, (i + 1) * outputs);
          unit[i * outputs + c] = 1;
          loss.curve(scores[t]!, i * outputs, y[i]!, unit, images);
          const factor = weights[i]! * images[i * outputs + c]!;
          const start = t * width + c * features;
          for (let j = 0; j < features; j++) out[start + j]! += factor * x[i * features + j]! ** 2;
        }
      }
    }
  }

  const quadratic = blocks.every(({ loss }) => loss.quadratic);
  const settle = (w: Float64Array) => {
    if (free) evaluate(w, new Float64Array(size));
  };
  return { size, quadratic, evaluate, settle, dual, intercepts, curve, diagonal };
}
