import {
  add,
  concat,
  mul,
  normal,
  randomKey,
  type Structure,
  sigmoid,
  slice,
  sum,
  type Tensor,
  tensor,
} from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { describe, expect, test } from "vitest";
import {
  batchNorm,
  cgc,
  countParameters,
  crossStitch,
  dense,
  dropout,
  dselectK,
  type EncoderBuilder,
  film,
  flattenLayer,
  hardSharing,
  type Model,
  mmoe,
  modelSummary,
  mtan,
  multiTaskModel,
  ple,
  reshapeLayer,
  selectorEntropy,
  sequential,
  softSharing,
} from "../../src/index.js";
import { selectorShares, smoothStep } from "../../src/models/dselect-k.js";
import { bits, distance, expectGradient } from "../support/gradients.js";

const draw = (shape: readonly number[], seed = 3) => normal(randomKey(seed), shape, { dtype: "float64" });
const tanh = (units: number) => dense(units, { activation: "tanh" });
const trunk = () => sequential([tanh(4), tanh(3)], { name: "trunk" });
const heads = { a: dense(1), b: dense(2) };
const build = (encoder: EncoderBuilder, tasks: Model["heads"] = heads) =>
  multiTaskModel({ input: [5], encoder, heads: tasks });
const run = (model: Model, parameters: Structure, x: Tensor, state: Structure, training = false) =>
  model.apply(parameters as ReturnType<Model["initialise"]>["parameters"], x, {
    training,
    key: () => randomKey(9),
    state,
  });

const encodings = { a: [1, 0.5], b: [-0.3, 2] };
const size = 5 * 4 + 4 + 4 * 3 + 3;
const gate = (experts: number) => 5 * experts + experts;
const attention = (read: number, out: number) => read * 6 + 6 + 6 * out + out;

/** Each architecture, with the parameters that its definition counts, heads aside. */
const architectures: Record<string, [EncoderBuilder, number]> = {
  "hard sharing": [hardSharing(trunk()), size],
  "soft sharing": [softSharing(trunk()), 2 * size],
  "soft sharing from different starts": [softSharing(trunk(), { sameStart: false }), 2 * size],
  "cross-stitch": [crossStitch([tanh(4), tanh(3)]), 2 * size + 4 * 4 + 4 * 3],
  mmoe: [mmoe(trunk(), { experts: 3 }), 3 * size + 2 * gate(3)],
  cgc: [cgc(trunk(), { shared: 2, own: 1 }), 4 * size + 2 * gate(3)],
  ple: [
    ple([
      { expert: tanh(4), shared: 1, own: 2 },
      { expert: tanh(3), shared: 2, own: 1 },
    ]),
    5 * 24 + 2 * gate(3) + gate(5) + 4 * 15 + 2 * (4 * 3 + 3),
  ],
  mtan: [
    mtan(
      [
        { first: tanh(4), second: tanh(4) },
        { first: tanh(3), second: tanh(3), carry: tanh(2) },
      ],
      { hidden: 6 },
    ),
    24 + 20 + 15 + 12 + 2 * (attention(4, 4) + 10 + attention(3 + 2, 3)),
  ],
  "dselect-k": [dselectK(trunk(), { experts: 4, selected: 2 }), 4 * size + 2 * (2 * 2 + 2)],
  film: [film([tanh(4), tanh(3)], encodings), size + 2 * 2 * (4 + 3)],
  "with batch norm and dropout": [hardSharing(sequential([dense(4), batchNorm(), dropout(0.3), tanh(3)])), size + 8],
};

describe.each(Object.entries(architectures))("%s", (_, [encoder, count]) => {
  const model = build(encoder);
  const { parameters, state } = model.initialise(randomKey(1), "float64");
  const headCount = 3 * 1 + 1 + 3 * 2 + 2;

  test("has the parameters that its definition counts", () => {
    expect(countParameters(parameters)).toBe(count + headCount);
    expect(modelSummary(model, randomKey(0))).toContain(
      `${(count + headCount).toLocaleString("en")} parameters in all`,
    );
  });

  test("gives the announced shapes, the same for the same key", () => {
    const { outputs } = run(model, parameters, draw([6, 5]), state);
    expect(outputs.a!.shape).toEqual([6, ...model.outputs.a!]);
    expect(outputs.b!.shape).toEqual([6, ...model.outputs.b!]);
    expect(bits(model.initialise(randomKey(1), "float64"))).toEqual(bits({ parameters, state }));
  });

  test("has the gradient of differences", () => {
    const x = draw([4, 5]);
    // Away from the special values that parameters start with.
    const moved = build(encoder).initialise(randomKey(2), "float64").parameters;
    const weights = { a: draw([4, 1], 5), b: draw([4, 2], 6) };
    expectGradient((p: typeof parameters) => {
      const { outputs } = run(model, p, x, state, true);
      return add(sum(mul(outputs.a!, weights.a)), sum(mul(outputs.b!, weights.b)));
    }, moved);
  });

  test("compiles, and gives the same", () => {
    const x = draw([6, 5]);
    const apply = (p: Structure, state: Structure, x: Tensor) => run(model, p, x, state, true).outputs as Structure;
    const moved = model.initialise(randomKey(2), "float64").parameters;
    expect(distance(compile(apply)(moved, state, x), apply(moved, state, x))).toBeLessThan(1e-12);
  });

  test("answers for one task what it answers for it among all", () => {
    const x = draw([6, 5]);
    const all = run(model, parameters, x, state).outputs;
    const one = model.apply(parameters, { b: x }, { training: false, key: () => randomKey(9), state }).outputs;
    expect(Object.keys(one)).toEqual(["b"]);
    expect(distance(one.b, all.b)).toBe(0);
  });

  test("treats tasks with inputs of their own as if each stood alone", () => {
    const [xa, xb] = [draw([6, 5], 11), draw([3, 5], 12)];
    const { outputs } = model.apply(parameters, { a: xa, b: xb }, { training: false, key: () => randomKey(9), state });
    expect(distance(outputs.a, run(model, parameters, xa, state).outputs.a)).toBeLessThan(1e-14);
    expect(distance(outputs.b, run(model, parameters, xb, state).outputs.b)).toBeLessThan(1e-14);
  });
});

test("hard sharing with one task is a plain network", () => {
  const model = build(hardSharing(trunk()), { a: dense(1) });
  const { parameters, state } = model.initialise(randomKey(1), "float64");
  const plain = sequential([trunk(), dense(1)]);
  const x = draw([6, 5]);
  const own = { trunk: parameters.shared, dense: parameters.tasks.a!.head };
  const { state: empty } = plain.initialise(randomKey(1), [5], "float64");
  const { output } = plain.apply(own, x, { training: false, key: () => randomKey(0), state: empty });
  expect(distance(run(model, parameters, x, state).outputs.a, output)).toBe(0);
});

test("a mixture of one expert is hard sharing", () => {
  const x = draw([6, 5]);
  const model = build(mmoe(trunk(), { experts: 1 }));
  const hard = build(hardSharing(trunk()));
  const { parameters, state } = model.initialise(randomKey(1), "float64");
  const same = {
    shared: (parameters.shared as Record<string, Structure>).expert1!,
    tasks: Object.fromEntries(model.tasks.map((t) => [t, { encoder: {}, head: parameters.tasks[t]!.head }])),
  };
  const { state: hardState } = hard.initialise(randomKey(1), "float64");
  expect(distance(run(model, parameters, x, state).outputs, run(hard, same, x, hardState).outputs)).toBe(0);
});

test("cross-stitch that mixes nothing is a network for each task", () => {
  const x = draw([6, 5]);
  const model = build(crossStitch([tanh(4), tanh(3)], { own: 1 }));
  const { parameters, state } = model.initialise(randomKey(1), "float64");
  const { trunks } = parameters.shared as unknown as { trunks: Record<string, Structure>[] };
  const soft = build(softSharing(sequential([tanh(4), tanh(3)])));
  const { state: softState } = soft.initialise(randomKey(1), "float64");
  const own = (t: string) => ({
    encoder: { dense: trunks[0]![t]!, dense2: trunks[1]![t]! },
    head: parameters.tasks[t]!.head,
  });
  const alone = { shared: {}, tasks: { a: own("a"), b: own("b") } };
  expect(distance(run(model, parameters, x, state).outputs, run(soft, alone, x, softState).outputs)).toBeLessThan(
    1e-15,
  );
});

test("cross-stitch is equation 1 of its paper: each task reads Σ_j α_ij x_j, channel by channel", () => {
  const model = multiTaskModel({ input: [2], encoder: crossStitch([dense(2)]), heads: { a: dense(2), b: dense(2) } });
  const eye = {
    weights: tensor([
      [1, 0],
      [0, 1],
    ]),
    bias: tensor([0, 0]),
  };
  const double = {
    weights: tensor([
      [2, 0],
      [0, 2],
    ]),
    bias: tensor([0, 0]),
  };
  const alpha = tensor([
    [
      [0.5, 1],
      [2, 0],
    ],
    [
      [0, 3],
      [1, 1],
    ],
  ]);
  const parameters = {
    shared: { trunks: [{ a: eye, b: double }], stitches: [alpha] },
    tasks: { a: { encoder: {}, head: eye }, b: { encoder: {}, head: eye } },
  };
  const { state } = model.initialise(randomKey(0));
  const { outputs } = run(model, parameters, tensor([[1, 10]]), state);
  // x_a = [1, 10], x_b = [2, 20].
  expect(outputs.a!.toArray()).toEqual([[0.5 * 1 + 2 * 2, 1 * 10 + 0 * 20]]);
  expect(outputs.b!.toArray()).toEqual([[0 * 1 + 1 * 2, 3 * 10 + 1 * 20]]);
});

test("the mixture of experts is equation 6 of its paper: Σ_i softmax(W_t x)_i expert_i(x)", () => {
  const model = build(mmoe(dense(3), { experts: 2 }), { a: dense(1) });
  const { parameters, state } = model.initialise(randomKey(4), "float64");
  const experts = parameters.shared as unknown as Record<string, { weights: Tensor }>;
  const { weights } = parameters.tasks.a!.encoder as unknown as { weights: Tensor };
  const head = parameters.tasks.a!.head as unknown as { weights: Tensor };
  const x = [0.5, -1, 2, 0.1, 1.5];
  const times = (v: number[], w: Tensor) =>
    (w.toArray() as number[][])[0]!.map((_, j) =>
      v.reduce((t, value, i) => t + value * (w.toArray() as number[][])[i]![j]!, 0),
    );
  const logits = times(x, weights);
  const shares = logits.map((l) => Math.exp(l) / logits.reduce((t, v) => t + Math.exp(v), 0));
  const [one, two] = [times(x, experts.expert1!.weights), times(x, experts.expert2!.weights)];
  const expected = times(
    one.map((v, k) => shares[0]! * v + shares[1]! * two[k]!),
    head.weights,
  );
  const found = run(model, parameters, tensor([x], { dtype: "float64" }), state).outputs.a!.get(0, 0);
  expect(found).toBeCloseTo(expected[0]!, 12);
});

test("extraction lets no task's gradient into another's own experts where there is one level", () => {
  const model = build(cgc(tanh(3), { shared: 1, own: 1 }));
  const { parameters, state } = model.initialise(randomKey(1), "float64");
  const x = draw([4, 5]);
  const changed = structuredClonePaths(parameters, "b 1");
  const before = run(model, parameters, x, state).outputs;
  const after = run(model, changed, x, state).outputs;
  expect(distance(after.a, before.a)).toBe(0);
  expect(distance(after.b, before.b)).toBeGreaterThan(0.01);
});

/** The parameters with one expert moved. */
function structuredClonePaths(parameters: Structure, expert: string): Structure {
  const p = parameters as unknown as {
    shared: { experts: Record<string, { weights: Tensor; bias: Tensor }>; gates: Structure }[];
    tasks: Structure;
  };
  const level = p.shared[0]!;
  const own = level.experts[expert]!;
  return { ...p, shared: [{ ...level, experts: { ...level.experts, [expert]: { ...own, bias: add(own.bias, 1) } } }] };
}

describe("DSelect-k", () => {
  test("the smooth step is 0 and 1 outside its slope, ½ in the middle, and its slope meets both ends", () => {
    const t = tensor([-5, -0.5, -0.25, 0, 0.25, 0.5, 5], { dtype: "float64" });
    // −2t³ + 3t/2 + ½ at γ = 1: at ¼ it is −1/32 + 3/8 + 1/2.
    expect(smoothStep(t, 1).toArray()).toEqual([0, 0, 1 - 27 / 32, 0.5, 27 / 32, 1, 1]);
    expect(smoothStep(mul(t, 4), 4).toArray()).toEqual([0, 0, 1 - 27 / 32, 0.5, 27 / 32, 1, 1]);
  });

  test("saturated codes select the expert that their bits name, and shares add up to 1", () => {
    for (let expert = 0; expert < 8; expert++) {
      const codes = tensor([[0, 1, 2].map((b) => ((expert >> b) & 1 ? 9 : -9))], { dtype: "float64" });
      const shares = selectorShares({ codes, logits: tensor([0], { dtype: "float64" }) }, 8, 1).toArray() as number[];
      expect(shares).toEqual(shares.map((_, k) => (k === expert ? 1 : 0)));
    }
    const soft = selectorShares({ codes: mul(draw([3, 3]), 0.2), logits: draw([3]) }, 8, 1);
    expect(sum(soft).item()).toBeCloseTo(1, 12);
  });

  test("the entropy is that of what each code selects: log n where undecided, 0 where decided", () => {
    const penalty = selectorEntropy({ tasks: ["a"], lambda: 2 });
    const at = (codes: number[][]) => {
      const encoder = { codes: tensor(codes, { dtype: "float64" }), logits: tensor([0, 0], { dtype: "float64" }) };
      return { kinds: {}, model: { shared: {}, tasks: { a: { encoder, head: {} } } } };
    };
    expect(
      penalty
        .value(
          at([
            [0, 0],
            [9, -9],
          ]),
          {},
        )
        .item(),
    ).toBeCloseTo(2 * Math.log(4), 12);
    expect(
      penalty
        .value(
          at([
            [9, 9],
            [9, -9],
          ]),
          {},
        )
        .item(),
    ).toBeCloseTo(0, 12);
    const some = at([
      [0.1, -0.2],
      [0.3, 0.05],
    ]);
    expectGradient((p: typeof some) => penalty.value(p, {}), some);
    const { parameters } = build(mmoe(trunk(), { experts: 2 })).initialise(randomKey(1));
    expect(() => penalty.start({ model: parameters, kinds: {} })).toThrow('task "a" has no selector');
  });

  test("asks for a power of two", () => {
    expect(() => dselectK(dense(1), { experts: 3, selected: 1 })).toThrow("must be a power of two, not 3");
  });
});

test("attention masks lie between 0 and 1: mtan's representation is within the shared features", () => {
  const model = build(mtan([{ first: tanh(4), second: tanh(3) }], { hidden: 6 }));
  const { parameters, state } = model.initialise(randomKey(1), "float64");
  const own = { shared: parameters.shared, tasks: { a: parameters.tasks.a!.encoder, b: parameters.tasks.b!.encoder } };
  const x = draw([6, 5]);
  const context = { training: false, key: () => randomKey(0), state: (state as { encoder: Structure }).encoder };
  const { outputs } = model.encoder.apply(own, x, ["a", "b"], context);
  const stage = (parameters.shared as unknown as { first: Structure; second: Structure }[])[0]!;
  const u = tanh(4).apply(stage.first as never, x, { ...context, state: {} }).output;
  const p = tanh(3)
    .apply(stage.second as never, u, { ...context, state: {} })
    .output.toTypedArray();
  const masked = outputs.a!.toTypedArray();
  masked.forEach((value, k) => {
    expect(value / p[k]!).toBeGreaterThan(0);
    expect(value / p[k]!).toBeLessThan(1);
  });
  // σ(h(relu(g(u)))) ⊙ p, written out.
  const maps = (
    parameters.tasks.a!.encoder as unknown as {
      attention: { hidden: Record<string, Tensor>; mask: Record<string, Tensor> }[];
    }
  ).attention[0]!;
  const relu = dense(6, { activation: "relu" }).apply(maps.hidden as never, u, { ...context, state: {} }).output;
  const mask = sigmoid(dense(3).apply(maps.mask as never, relu, { ...context, state: {} }).output).toTypedArray();
  masked.forEach((value, k) => {
    expect(value).toBeCloseTo(mask[k]! * p[k]!, 12);
  });
});

test("a modulated trunk starts as hard sharing, and an encoding scales and shifts", () => {
  const model = build(film([dense(3)], encodings));
  const { parameters, state } = model.initialise(randomKey(1), "float64");
  const shared = parameters.shared as unknown as {
    trunk: Structure[];
    modulations: { scale: Tensor; shift: Tensor }[];
  };
  const hard = build(hardSharing(dense(3)));
  const x = draw([6, 5]);
  const { state: none } = hard.initialise(randomKey(1), "float64");
  const plain = { shared: shared.trunk[0]!, tasks: parameters.tasks };
  expect(distance(run(model, parameters, x, state).outputs, run(hard, plain, x, none).outputs)).toBe(0);
  const modulations = [{ scale: draw([2, 3], 8), shift: draw([2, 3], 9) }];
  const context = { training: false, key: () => randomKey(0), state: (state as { encoder: Structure }).encoder };
  const own = { shared: { ...shared, modulations }, tasks: { a: {}, b: {} } };
  const h = dense(3).apply(shared.trunk[0] as never, x, { ...context, state: {} }).output;
  const { outputs } = model.encoder.apply(own, x, ["b"], context);
  const by = (m: Tensor) => add(mul(slice(m, [0]), -0.3), mul(slice(m, [1]), 2));
  const expected = add(mul(h, add(by(modulations[0]!.scale), 1)), by(modulations[0]!.shift));
  expect(distance(outputs.b, expected)).toBeLessThan(1e-12);
});

describe("parents", () => {
  const family = multiTaskModel({
    input: [5],
    encoder: hardSharing(tanh(3)),
    heads: { child: dense(2), parent: dense(4) },
    parents: { child: "parent" },
  });

  test("a child's head reads its parent's output behind its own representation", () => {
    const { parameters, state } = family.initialise(randomKey(1), "float64");
    const x = draw([6, 5]);
    const { outputs } = run(family, parameters, x, state);
    const context = { training: false, key: () => randomKey(0), state: {} };
    const h = tanh(3).apply(parameters.shared as never, x, context).output;
    const parent = dense(4).apply(parameters.tasks.parent!.head as never, h, context).output;
    const child = dense(2).apply(parameters.tasks.child!.head as never, concat([h, parent], 1), context).output;
    expect(distance(outputs, { child, parent })).toBe(0);
    expect(Object.keys(family.apply(parameters, { child: x }, { ...context, state }).outputs)).toEqual(["child"]);
  });

  test("unknown parents, circles and shapes that cannot be joined are errors that name them", () => {
    const make = (parents: Record<string, string>, encoder = hardSharing(tanh(3))) =>
      multiTaskModel({ input: [5], encoder, heads: { a: dense(1), b: dense(1) }, parents });
    expect(() => make({ a: "c" })).toThrow('parents name "c", and the tasks are a, b');
    expect(() => make({ a: "b", b: "a" })).toThrow("the parents run in a circle, a → b → a");
    expect(() => make({ a: "b" }, hardSharing(reshapeLayer([5, 1])))).toThrow("end the encoder with flattenLayer()");
  });
});

test("shapes that do not fit are refused when the model is built, by the layer's name", () => {
  expect(() => multiTaskModel({ input: [5], encoder: hardSharing(dense(4)), heads: { a: reshapeLayer([3]) } })).toThrow(
    'multiTaskModel, head of task "a": reshape: expected 3 numbers an example, found shape [4]',
  );
  const model = build(hardSharing(trunk()));
  const { parameters, state } = model.initialise(randomKey(1));
  expect(() => run(model, parameters, tensor([[1, 2]]), state)).toThrow(
    'apply: task "a" is given [1, 2], expected [batch, 5]',
  );
});

test("encoders for images: stages that keep the last axis as channels", () => {
  const image = [reshapeLayer([4, 2]), tanh(3), sequential([tanh(2), flattenLayer()])];
  for (const encoder of [crossStitch(image), film(image, encodings), hardSharing(sequential(image))]) {
    const model = multiTaskModel({ input: [8], encoder, heads });
    const { parameters, state } = model.initialise(randomKey(1), "float64");
    expect(run(model, parameters, draw([3, 8]), state).outputs.b!.shape).toEqual([3, 2]);
  }
});
