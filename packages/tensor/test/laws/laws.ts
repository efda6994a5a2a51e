import { expect } from "vitest";
import {
  type Domain,
  full,
  isFloating,
  type Primitive,
  release,
  type Sample,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { scattered, sizeOf } from "../support/arbitrary.js";
import { expectNear, expectSame } from "../support/expect.js";

// What every primitive promises, whatever it computes. A law takes one primitive and one of its own samples.

export type Law = (primitive: Primitive, sample: Sample<unknown>, random: () => number) => void;

const domainOf = (sample: Sample<unknown>, k: number): Domain =>
  sample.domains?.[Math.min(k, sample.domains.length - 1)] ?? {};

/** Values within a domain; matrices that must be invertible get a heavy diagonal. */
function draw(shape: readonly number[], { kind = "real", from = -2, to = 2, dtype }: Domain, random: () => number) {
  const data = Float64Array.from({ length: sizeOf(shape) }, () => from + (to - from) * random());
  const n = shape[shape.length - 1];
  if (kind === "integer" || kind === "boolean")
    data.forEach((x, k) => {
      data[k] = kind === "boolean" ? Number(x > 0) : Math.round(x);
    });
  if (kind === "positive definite" || kind === "well-conditioned" || kind === "triangular")
    data.forEach((x, k) => {
      const [i, j] = [Math.floor(k / n) % shape[shape.length - 2], k % n];
      data[k] = i === j ? 6 + i + x : x / 4;
    });
  if (kind === "positive definite")
    data.forEach((_, k) => {
      const [i, j, start] = [Math.floor(k / n) % n, k % n, k - (k % (n * n))];
      data[k] = data[start + Math.max(i, j) * n + Math.min(i, j)];
    });
  return tensor(data, { shape, dtype: dtype ?? "float64" });
}

export const inputsOf = (sample: Sample<unknown>, random: () => number): Tensor[] =>
  sample.shapes.map((shape, k) => draw(shape, domainOf(sample, k), random));

const run = (primitive: Primitive, inputs: readonly Tensor[], params: unknown): Tensor =>
  primitive.evaluate(inputs, primitive.infer(inputs, params), params);

/** The shape rule says the shape and dtype of the result. */
export const shapeRulePredicts: Law = (primitive, sample, random) => {
  const inputs = inputsOf(sample, random);
  const { shape, dtype } = primitive.infer(inputs, sample.params);
  const found = primitive.evaluate(inputs, { shape, dtype }, sample.params);
  expect({ shape: found.shape, dtype: found.dtype }).toEqual({ shape, dtype });
};

/** Strides, offsets and negative steps are seen through. */
export const viewsEqualCopies: Law = (primitive, sample, random) => {
  const inputs = inputsOf(sample, random);
  expectSame(run(primitive, inputs.map(scattered), sample.params), run(primitive, inputs, sample.params));
};

/** What is read is not written to, nor is the memory around it. */
export const inputsStayUntouched: Law = (primitive, sample, random) => {
  const inputs = inputsOf(sample, random).map(scattered);
  const before = inputs.map((x) => x.data.slice());
  run(primitive, inputs, sample.params);
  inputs.forEach((x, k) => {
    expect(x.data).toEqual(before[k]);
  });
};

/** Half the digits of float64 are lost at most by computing in float32. */
export const float32IsNearFloat64: Law = (primitive, sample, random) => {
  const inputs = inputsOf(sample, random).map((x) => (x.dtype === "float64" ? rounded(x) : x));
  const narrow = inputs.map((x) =>
    x.dtype === "float64" ? tensor(x.toTypedArray(), { shape: x.shape, dtype: "float32" }) : x,
  );
  const [wide, found] = [run(primitive, inputs, sample.params), run(primitive, narrow, sample.params)];
  if (wide.dtype === "float64" && !("dtype" in Object(sample.params)))
    expect(found.dtype).toBe(isFloating(narrow[0].dtype) ? "float32" : found.dtype);
  expectNear(found, wide, 2e-5);
};

const edges = [[0], [3, 0], [0, 3], [0, 0, 2], [1], [1, 1, 1], [3, 1], []];

/** With an axis of nothing the result is as empty as the shape rule says; axes of size 1 are axes. */
export const emptyAndSingleAxes: Law = (primitive, sample, random) => {
  const { form } = primitive;
  if (form.kind === "map" && sample.params === undefined)
    for (const shape of edges) {
      const inputs = inputsOf({ ...sample, shapes: sample.shapes.map(() => shape) }, random);
      const found = run(primitive, inputs, undefined);
      expect(found.shape).toEqual(shape);
      expect(found.toTypedArray().length).toBe(sizeOf(shape));
    }
  if (form.kind === "reduce")
    for (const shape of edges) for (const axes of subsets(shape.length)) foldsEdges(primitive, shape, axes);
};

const subsets = (count: number): number[][] =>
  Array.from({ length: 2 ** count }, (_, bits) => [...Array(count).keys()].filter((k) => (bits >> k) & 1));

/** Folding nothing gives the identity, or an error that names it; folding one entry, of value 3 here, gives the entry. */
function foldsEdges(primitive: Primitive, shape: readonly number[], axes: readonly number[]): void {
  const x = tensor(new Float64Array(sizeOf(shape)).fill(3), { shape });
  const params = { axes };
  const count = axes.reduce((product, axis) => product * shape[axis], 1);
  let found: Tensor;
  try {
    found = run(primitive, [x], params);
  } catch (error) {
    expect(count, String(error)).toBe(0);
    expect(String(error)).toContain(`RangeError: ${primitive.name}: axis`);
    return;
  }
  expect(found.shape).toEqual(shape.filter((_, axis) => !axes.includes(axis)));
  const { identity } = primitive.form as Extract<Primitive["form"], { kind: "reduce" }>;
  if (count === 0) expect([...found.toTypedArray()].every((value) => value === identity)).toBe(true);
  if (count === 1) expect([...found.toTypedArray()].every((value) => value === 3)).toBe(true);
}

/** Results that are written over released memory are whole: it does not matter what was in it. */
export const releasedMemoryIsOverwritten: Law = (primitive, sample, random) => {
  const inputs = inputsOf(sample, random);
  const { shape, dtype } = primitive.infer(inputs, sample.params);
  const [first, second] = [77, 99].map((junk) => {
    release(...[1, 2, 3].map(() => full(shape, junk, dtype)));
    return run(primitive, inputs, sample.params);
  });
  expectSame(first, second);
};

/** A float64 tensor with values that float32 holds. */
const rounded = (x: Tensor): Tensor => tensor(Float64Array.from(x.toTypedArray(), Math.fround), { shape: x.shape });

export const laws: Readonly<Record<string, Law>> = {
  "the shape rule predicts shape and dtype": shapeRulePredicts,
  "views equal copies": viewsEqualCopies,
  "inputs stay untouched": inputsStayUntouched,
  "float32 is near float64": float32IsNearFloat64,
  "empty axes and axes of size 1 are axes": emptyAndSingleAxes,
  "released memory is overwritten": releasedMemoryIsOverwritten,
};
