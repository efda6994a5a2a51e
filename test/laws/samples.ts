import {
  type Domain,
  matmul,
  matrixTranspose,
  type Primitive,
  type Sample,
  type Tensor,
  tensor,
} from "@kinship/tensor";

/** A small generator with a seed of its own: laws draw the same inputs everywhere. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // A Weyl sequence through a mixing function (Steele, Lea & Flood 2014, in 32 bits).
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Within this distance of a kink a finite difference would look across it. */
const margin = 0.05;

function draw(random: () => number, shape: readonly number[], domain: Domain): Tensor {
  const { kind = "real", from = -2, to = 2, dtype = "float64", kinks = [] } = domain;
  const size = sizeOf(shape);
  const real = (): number => {
    const value = from + (to - from) * random();
    return kinks.some((kink) => Math.abs(value - kink) < margin) ? real() : value;
  };
  switch (kind) {
    case "real":
      return tensor(Float64Array.from({ length: size }, real), { shape, dtype });
    case "integer":
      return tensor(
        Float64Array.from({ length: size }, () => Math.round(real())),
        { shape, dtype },
      );
    case "boolean":
      return tensor(
        Float64Array.from({ length: size }, () => (random() < 0.5 ? 0 : 1)),
        { shape, dtype },
      );
    case "distinct": {
      // Equally spaced values in random order: no two nearer than a fraction of the range.
      const order = Array.from({ length: size }, (_, k) => ({ k, at: random() })).sort((a, b) => a.at - b.at);
      const shift = random() / size / 4;
      const values = order.map(({ k }) => from + (to - from) * ((k + 0.5) / size + shift));
      return tensor(Float64Array.from(values), { shape, dtype });
    }
    case "positive definite": {
      const x = draw(random, shape, {});
      const n = shape[shape.length - 1];
      return plusDiagonal(matmul(x, matrixTranspose(x)), n, () => 1);
    }
    case "well-conditioned":
      return plusDiagonal(draw(random, shape, { from: -0.5, to: 0.5 }), shape[shape.length - 1], () => 2 + random());
    case "triangular":
      return draw(random, shape, { kind: "well-conditioned" });
  }
}

function plusDiagonal(x: Tensor, n: number, value: () => number): Tensor {
  const data = Float64Array.from(x.toTypedArray());
  for (let k = 0; k < data.length; k++) if (Math.floor(k / n) % n === k % n) data[k] += value();
  return tensor(data, { shape: x.shape });
}

export const domainOf = (sample: Sample<unknown>, input: number): Domain =>
  sample.domains?.[Math.min(input, sample.domains.length - 1)] ?? {};

/** Inputs that a primitive's own declaration says its laws hold on. */
export const inputsOf = (sample: Sample<unknown>, random: () => number): Tensor[] =>
  sample.shapes.map((shape, k) => draw(random, shape, domainOf(sample, k)));

export const like = (x: Tensor, random: () => number): Tensor =>
  tensor(
    Float64Array.from({ length: x.size }, () => 2 * random() - 1),
    { shape: x.shape },
  );

export const named = (primitive: Primitive, k: number): string =>
  primitive.samples.length === 1 ? primitive.name : `${primitive.name} (sample ${k})`;
