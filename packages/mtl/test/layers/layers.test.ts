import {
  add,
  arange,
  eye,
  matmul,
  mean,
  mul,
  normal,
  randomKey,
  reshape,
  type Structure,
  sum,
  type Tensor,
  tensor,
  transpose,
  variance,
} from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";
import {
  activation,
  batchNorm,
  conv2dLayer,
  countParameters,
  dense,
  dropout,
  embeddingLayer,
  flattenLayer,
  type Layer,
  layerNorm,
  reshapeLayer,
  residual,
  sequential,
  summary,
} from "../../src/index.js";
import { bits, distance, expectGradient } from "../support/gradients.js";

const context = (state: Structure, training = true) => ({ training, key: () => randomKey(7), state });
const draw = (shape: readonly number[], seed = 3) => normal(randomKey(seed), shape, { dtype: "float64" });

/** Each layer with the shape of an example. */
const cases: readonly [Layer, readonly number[]][] = [
  [dense(3), [4]],
  [dense(3, { activation: "tanh", bias: false }), [4]],
  [dense(3, { activation: "gelu", weights: "orthogonal" }), [5, 4]],
  ...(["elu", "silu", "sigmoid", "softplus", "softmax", "tanh", "gelu", "identity", "leakyRelu", "relu"] as const).map(
    (kind): [Layer, readonly number[]] => [sequential([dense(3), activation(kind)]), [4]],
  ),
  [sequential([dense(4), dropout(0.4), dense(2)]), [3]],
  [sequential([dense(4), layerNorm()]), [3]],
  [sequential([dense(4), batchNorm(), dense(2)]), [3]],
  [residual(dense(3, { activation: "tanh" })), [3]],
  [residual(dense(2, { activation: "tanh" }), { shortcut: dense(2) }), [3]],
  [sequential([reshapeLayer([2, 3]), dense(2, { activation: "tanh" }), flattenLayer(), dense(1)]), [6]],
];

describe("every layer", () => {
  test.each(cases.map(([layer, input]) => [layer.name, layer, input] as const))(
    "%s: its gradient is that of differences, compiled it is the same, its output has the shape that it announced",
    (_, layer, input) => {
      const { parameters, state } = layer.initialise(randomKey(1), input, "float64");
      const x = draw([6, ...input]);
      const out = layer.apply(parameters, x, context(state)).output;
      expect(out.shape).toEqual([6, ...layer.outputShape(input)]);
      expect(out.dtype).toBe("float64");
      const apply = (p: Structure, x: Tensor) => layer.apply(p, x, context(state)).output;
      expect(distance(compile(apply)(parameters, x), out)).toBeLessThan(1e-12);
      const weights = draw(out.shape, 5);
      expectGradient(
        ({ p, x }: { p: Structure; x: Tensor }) => sum(mul(weights, layer.apply(p, x, context(state)).output)),
        { p: parameters, x },
      );
    },
  );

  test("the same key draws the same parameters, another key others", () => {
    for (const [layer, input] of cases) {
      const first = layer.initialise(randomKey(1), input, "float32");
      expect(bits(layer.initialise(randomKey(1), input, "float32"))).toEqual(bits(first));
      if (countParameters(first.parameters) > 0)
        expect(bits(layer.initialise(randomKey(2), input, "float32"))).not.toEqual(bits(first));
    }
  });
});

test("dense is x·W + b", () => {
  const layer = dense(2);
  const parameters = {
    weights: tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    bias: tensor([10, 20]),
  };
  const { output } = layer.apply(parameters, tensor([[1, 0, -1]]), context({}));
  expect(output.toArray()).toEqual([[1 - 5 + 10, 2 - 6 + 20]]);
});

test("layer norm gives every example mean 0 and variance 1", () => {
  const layer = layerNorm({ epsilon: 0 });
  const { parameters, state } = layer.initialise(randomKey(0), [50], "float64");
  const { output } = layer.apply(parameters, add(mul(draw([4, 50]), 3), 7), context(state));
  for (const row of mean(output, { axis: 1 }).toArray() as number[]) expect(row).toBeCloseTo(0, 12);
  for (const row of variance(output, { axis: 1 }).toArray() as number[]) expect(row).toBeCloseTo(1, 12);
});

describe("batch norm", () => {
  const layer = batchNorm({ epsilon: 0, momentum: 1 });
  const { parameters, state } = layer.initialise(randomKey(0), [5], "float64");
  const x = add(mul(draw([40, 5]), 3), arange(5));

  test("while training, every channel has mean 0 and variance 1 over the batch", () => {
    const { output } = layer.apply(parameters, x, context(state));
    for (const m of mean(output, { axis: 0 }).toArray() as number[]) expect(m).toBeCloseTo(0, 12);
    for (const v of variance(output, { axis: 0 }).toArray() as number[]) expect(v).toBeCloseTo(1, 12);
  });

  test("the running statistics are the mean and the unbiased variance, and are what it uses outside training", () => {
    const after = layer.apply(parameters, x, context(state)).state as { mean: Tensor; variance: Tensor };
    expect(distance(after.mean, mean(x, { axis: 0 }))).toBeLessThan(1e-12);
    expect(distance(after.variance, variance(x, { axis: 0, degreesOfFreedom: 1 }))).toBeLessThan(1e-12);
    const { output, state: same } = layer.apply(parameters, x, context(after, false));
    expect(same).toBe(after);
    const biased = mean(mul(output, output), { axis: 0 }).toArray() as number[];
    for (const v of biased) expect(v).toBeCloseTo(39 / 40, 12);
  });
});

describe("dropout", () => {
  test("drops about the rate, keeps the mean, and is the identity outside training", () => {
    const layer = dropout(0.3);
    const x = mul(draw([100, 100]), 0);
    const out = layer.apply({}, add(x, 1), context({})).output;
    const values = [...out.toTypedArray()];
    const dropped = values.filter((v) => v === 0).length;
    // Binomial(10,000, .3): five standard deviations are 229.
    expect(Math.abs(dropped - 3000)).toBeLessThan(229);
    for (const v of values) if (v !== 0) expect(v).toBeCloseTo(1 / 0.7, 12);
    expect(layer.apply({}, x, context({}, false)).output).toBe(x);
  });

  test("refuses a rate outside [0, 1)", () => {
    expect(() => dropout(1)).toThrow("dropout: the rate must be in [0, 1), not 1");
  });
});

test("embedding gives rows of its table", () => {
  const layer = embeddingLayer(4, 2);
  const { parameters } = layer.initialise(randomKey(1), [], "float64");
  const { table } = parameters as { table: Tensor };
  const { output } = layer.apply(parameters, tensor([3, 0, 3]), context({}));
  const rows = table.toArray() as number[][];
  expect(output.toArray()).toEqual([rows[3], rows[0], rows[3]]);
  expectGradient(
    (p: typeof parameters) => sum(mul(draw([3, 2]), layer.apply(p, tensor([3, 0, 3]), context({})).output)),
    parameters,
  );
});

describe("initialisers", () => {
  test("orthogonal weights have orthonormal columns, or rows where these are fewer", () => {
    for (const [inputs, units] of [
      [5, 3],
      [3, 5],
      [4, 4],
      [1, 3],
    ] as const) {
      const { weights } = dense(units, { weights: "orthogonal" }).initialise(
        randomKey(1),
        [inputs],
        "float64",
      ).parameters;
      const w = weights.toArray() as number[][];
      const tall = inputs >= units;
      for (let i = 0; i < Math.min(inputs, units); i++)
        for (let j = 0; j < Math.min(inputs, units); j++) {
          const inner = tall
            ? w.reduce((t, row) => t + row[i]! * row[j]!, 0)
            : w[i]!.reduce((t, v, k) => t + v * w[j]![k]!, 0);
          expect(inner).toBeCloseTo(i === j ? 1 : 0, 12);
        }
    }
  });

  test("orthogonal filters are orthonormal, each over all that it sums", () => {
    const { filters } = conv2dLayer(4, 3, { weights: "orthogonal" }).initialise(
      randomKey(1),
      [2, 8, 8],
      "float64",
    ).parameters;
    const rows = reshape(filters, [4, 18]);
    expect(distance(matmul(rows, transpose(rows)), eye(4, { dtype: "float64" }))).toBeLessThan(1e-12);
  });

  test("He's variance is 2 / inputs, Glorot's 2 / (inputs + outputs)", () => {
    const spread = (options: Parameters<typeof dense>[1]) => {
      const { weights } = dense(300, options).initialise(randomKey(1), [200], "float64").parameters;
      return mean(mul(weights, weights)).item();
    };
    // 60,000 draws: the relative standard error is below .6 %.
    expect(spread({ weights: "he" }) / (2 / 200)).toBeCloseTo(1, 1);
    expect(spread({ weights: "glorot" }) / (2 / 500)).toBeCloseTo(1, 1);
  });
});

test("sequential names the layer whose shape does not fit", () => {
  const layers = sequential([dense(4), reshapeLayer([3])], { name: "trunk" });
  expect(() => layers.outputShape([2])).toThrow(
    "trunk, layer 2 of 2: reshape: expected 3 numbers an example, found shape [4]",
  );
});

test("residual asks for a shortcut where the body changes the shape", () => {
  expect(() => residual(dense(4)).outputShape([2])).toThrow(
    "residual: the body gives [4] and its input is [2]; give a shortcut",
  );
});

test("sequential is composition", () => {
  const both = sequential([dense(4, { activation: "tanh" }), dense(2)]);
  const { parameters, state } = both.initialise(randomKey(1), [3], "float64");
  const p = parameters as unknown as Record<string, { weights: Tensor; bias: Tensor }>;
  const x = draw([5, 3]);
  const first = dense(4, { activation: "tanh" }).apply(p.dense!, x, context({})).output;
  const expected = add(matmul(first, p.dense2!.weights), p.dense2!.bias);
  expect(distance(both.apply(parameters, x, context(state)).output, expected)).toBe(0);
});

test("a summary counts what it lists", () => {
  const layer = sequential([dense(4), activation("relu"), residual(dense(4)), dense(1)], { name: "net" });
  expect(summary(layer, [3])).toBe(
    [
      "layer       output  parameters",
      "net         [1]             41",
      "  dense     [4]             16",
      "  relu      [4]              0",
      "  residual  [4]             20",
      "    dense   [4]             20",
      "  dense     [1]              5",
    ].join("\n"),
  );
});

test("flatten keeps the order of rows", () => {
  const x = reshape(arange(12), [2, 2, 3]);
  expect(flattenLayer().apply({}, x, context({})).output.toArray()).toEqual([
    [0, 1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10, 11],
  ]);
});
