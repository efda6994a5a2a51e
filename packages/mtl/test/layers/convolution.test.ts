import { mul, normal, randomKey, type Structure, sum, type Tensor, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";
import {
  avgPool1dLayer,
  avgPool2dLayer,
  batchNorm,
  conv1dLayer,
  conv2dLayer,
  countParameters,
  crossStitch,
  dense,
  film,
  flattenLayer,
  globalAveragePool,
  hardSharing,
  type Layer,
  maxPool1dLayer,
  maxPool2dLayer,
  mtan,
  multiTaskModel,
  sequential,
} from "../../src/index.js";
import { distance, expectGradient } from "../support/gradients.js";

const draw = (shape: readonly number[], seed = 3) => normal(randomKey(seed), shape, { dtype: "float64" });
const context = (state: Structure, training = true) => ({ training, key: () => randomKey(7), state });

const cases: readonly [string, Layer, readonly number[], readonly number[], number][] = [
  ["conv1d", conv1dLayer(3, 3), [2, 5], [3, 5], 3 * 2 * 3 + 3],
  ["conv1d, valid, stride 2", conv1dLayer(3, 2, { padding: "valid", stride: 2 }), [2, 7], [3, 3], 3 * 2 * 2 + 3],
  ["conv2d", conv2dLayer(3, 3, { activation: "tanh" }), [2, 4, 5], [3, 4, 5], 3 * 2 * 9 + 3],
  ["conv2d, no bias", conv2dLayer(3, 2, { bias: false, padding: "valid" }), [1, 3, 3], [3, 2, 2], 3 * 4],
  ["conv2d, stride 2", conv2dLayer(2, 3, { stride: 2 }), [1, 5, 4], [2, 3, 2], 2 * 9 + 2],
  ["maximum pooling", maxPool2dLayer(2), [2, 4, 5], [2, 2, 2], 0],
  ["maximum pooling, same", maxPool2dLayer(2, { padding: "same" }), [2, 4, 5], [2, 2, 3], 0],
  ["mean pooling", avgPool2dLayer(2, { stride: 1 }), [2, 3, 4], [2, 2, 3], 0],
  ["maximum pooling of series", maxPool1dLayer(2), [2, 5], [2, 2], 0],
  ["maximum pooling of series, same", maxPool1dLayer(3, { stride: 2, padding: "same" }), [2, 5], [2, 3], 0],
  ["mean pooling of series", avgPool1dLayer(3, { stride: 1 }), [2, 5], [2, 3], 0],
  ["mean pooling of series, same", avgPool1dLayer(2, { padding: "same" }), [2, 5], [2, 3], 0],
  ["global mean of series", globalAveragePool(), [3, 4], [3], 0],
  ["global mean", globalAveragePool(), [3, 2, 4], [3], 0],
  ["batch norm of images", sequential([conv2dLayer(2, 3), batchNorm()]), [1, 3, 3], [2, 3, 3], 2 * 9 + 2 + 4],
];

describe.each(cases)("%s", (_, layer, input, output, count) => {
  const { parameters, state } = layer.initialise(randomKey(1), input, "float64");

  test("has the shape that it announces, its parameters, the same values compiled, and the gradient of differences", () => {
    const x = draw([3, ...input]);
    const found = layer.apply(parameters, x, context(state)).output;
    expect(layer.outputShape(input)).toEqual(output);
    expect(found.shape).toEqual([3, ...output]);
    expect(countParameters(parameters)).toBe(count);
    const apply = (p: Structure, x: Tensor) => layer.apply(p, x, context(state)).output;
    expect(distance(compile(apply)(parameters, x), found)).toBeLessThan(1e-12);
    const weights = draw(found.shape, 5);
    expectGradient(
      ({ p, x }: { p: Structure; x: Tensor }) => sum(mul(weights, layer.apply(p, x, context(state)).output)),
      { p: parameters, x },
    );
  });
});

test("a convolution is the sum of products under each filter, zeros outside", () => {
  const layer = conv2dLayer(1, 3);
  const filters = tensor([
    [
      [
        [1, 0, 0],
        [0, 2, 0],
        [0, 0, 3],
      ],
    ],
  ]);
  const x = tensor([
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ]);
  const { output } = layer.apply({ filters, bias: tensor([10]) }, x, context({}));
  expect(output.toArray()).toEqual([
    [
      [
        [10 + 2 * 1 + 3 * 4, 10 + 2 * 2],
        [10 + 2 * 3, 10 + 2 * 4 + 1 * 1],
      ],
    ],
  ]);
});

test("windows that do not fit are refused by name", () => {
  expect(() => conv2dLayer(2, 5, { padding: "valid", name: "stem" }).outputShape([1, 3, 3])).toThrow(
    "stem: expected room for windows of 5 along each axis, found shape [3, 3]",
  );
  expect(() => conv2dLayer(2, 3).outputShape([4])).toThrow(
    "conv2d: expected [channels, height, width], found shape [4]",
  );
  expect(() => maxPool1dLayer(4).outputShape([2, 3])).toThrow(
    "maxPool1d: expected room for windows of 4 along each axis, found shape [3]",
  );
  expect(() => avgPool1dLayer(2).outputShape([2, 3, 3])).toThrow(
    "avgPool1d: expected [channels, length], found shape [2, 3, 3]",
  );
  expect(() => maxPool1dLayer(0)).toThrow("maxPool1d: the size must be a whole number of at least 1, not 0");
  for (const build of [maxPool1dLayer, avgPool1dLayer, maxPool2dLayer, avgPool2dLayer])
    expect(() => build(2, { padding: 1 as never })).toThrow(/Pool\dd: padding must be "same" or "valid", not 1/);
});

test("batch norm's running statistics of images are over rows, heights and widths", () => {
  const layer = batchNorm({ momentum: 1 });
  const { parameters, state } = layer.initialise(randomKey(1), [2, 3, 3], "float64");
  const x = draw([4, 2, 3, 3]);
  const { mean } = layer.apply(parameters, x, context(state)).state as { mean: Tensor };
  const all = x.toArray() as number[][][][];
  for (const channel of [0, 1]) {
    const values = all.flatMap((image) => image[channel]!.flat());
    expect(mean.get(channel)).toBeCloseTo(values.reduce((a, b) => a + b) / values.length, 12);
  }
});

test.each([
  ["cross-stitch", crossStitch([conv2dLayer(3, 3), sequential([maxPool2dLayer(2), flattenLayer()])])],
  ["film", film([conv2dLayer(3, 3), sequential([maxPool2dLayer(2), flattenLayer()])], { a: [1], b: [-1] })],
  ["hard sharing", hardSharing(sequential([conv2dLayer(3, 3), flattenLayer()]))],
  [
    "mtan",
    mtan(
      [
        { first: conv2dLayer(3, 3), second: conv2dLayer(3, 3) },
        {
          first: sequential([maxPool2dLayer(2), conv2dLayer(2, 3)]),
          second: conv2dLayer(4, 3),
          carry: maxPool2dLayer(2),
        },
      ],
      { hidden: 2 },
    ),
  ],
])("%s works on images", (name, encoder) => {
  const head = () => (name === "mtan" ? sequential([flattenLayer(), dense(2)]) : dense(2));
  const model = multiTaskModel({ input: [1, 4, 4], encoder, heads: { a: head(), b: head() } });
  const { parameters, state } = model.initialise(randomKey(2), "float64");
  const x = draw([2, 1, 4, 4]);
  const weights = draw([2, 2], 5);
  expectGradient((p: typeof parameters) => {
    const { outputs } = model.apply(p, x, context(state));
    return sum(mul(weights, mul(outputs.a!, outputs.b!)));
  }, parameters);
});
