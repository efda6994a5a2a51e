import { grad } from "@kinship/autodiff";
import {
  add,
  concat,
  eigh,
  inverse,
  mapLeaves,
  matmul,
  mul,
  normal,
  randomKey,
  sub,
  sum,
  type Tensor,
  tensor,
  trace,
  transpose,
} from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import {
  createObjective,
  dense,
  hardSharing,
  identityKinship,
  kinshipMatrix,
  kNormOverHeads,
  kNormOverOutputs,
  kNormOverTrunks,
  meanKinship,
  multiTaskModel,
  regression,
  sequential,
  softSharing,
} from "../../src/index.js";
import { learnedKinship } from "../../src/objective/k-norm.js";
import { distance, expectGradient } from "../support/gradients.js";

const tasks = ["a", "b", "c"];
const kinds = { a: regression(), b: regression(), c: regression() };
const heads = { a: dense(1), b: dense(1), c: dense(1) };
const hard = multiTaskModel({ input: [4], encoder: hardSharing(dense(3)), heads });
const soft = multiTaskModel({ input: [4], encoder: softSharing(dense(3), { sameStart: false }), heads });

describe("the K-norm", () => {
  test("over heads is (λ/2) Σ K_ij ⟨w_i, w_j⟩ of weights and intercepts", () => {
    const kinship = meanKinship({ shrinkage: 0.5 });
    const penalty = kNormOverHeads({ tasks, lambda: 3, kinship });
    const objective = createObjective({ model: hard, tasks: kinds, penalties: [penalty] });
    const { parameters } = objective.initialise(randomKey(1), "float64");
    const k = kinshipMatrix(kinship(tasks));
    const w = tasks.map((t) => {
      const { weights, bias } = parameters.model.tasks[t]!.head as { weights: Tensor; bias: Tensor };
      return [...weights.toTypedArray(), ...bias.toTypedArray()];
    });
    let expected = 0;
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) expected += 1.5 * k[i * 3 + j]! * w[i]!.reduce((t, v, n) => t + v * w[j]![n]!, 0);
    const states = [penalty.start(parameters)];
    expect(objective.penalty(parameters, states).item()).toBeCloseTo(expected, 12);
    expectGradient((p: typeof parameters) => objective.penalty(p, states), parameters);
  });

  test("over the outputs of one head is that over as many heads of one output", () => {
    const kinship = meanKinship({ shrinkage: 0.5 });
    const heads = kNormOverHeads({ tasks, lambda: 3, kinship });
    const outputs = kNormOverOutputs({ task: "all", outputs: tasks, lambda: 3, kinship });
    const objective = createObjective({ model: hard, tasks: kinds });
    const { parameters } = objective.initialise(randomKey(1), "float64");
    const parts = tasks.map((t) => parameters.model.tasks[t]!.head as { weights: Tensor; bias: Tensor });
    const head = {
      weights: concat(
        parts.map((p) => p.weights),
        1,
      ),
      bias: add(concat(parts.map((p) => p.bias)), 1),
    };
    const moved = Object.fromEntries(
      tasks.map((t, k) => [t, { encoder: {}, head: { ...parts[k]!, bias: add(parts[k]!.bias, 1) } }]),
    );
    const many = { kinds: {}, model: { shared: {}, tasks: moved } };
    const one = { kinds: {}, model: { shared: {}, tasks: { all: { encoder: {}, head } } } };
    expect(outputs.value(one, outputs.start(one)).item()).toBeCloseTo(heads.value(many, heads.start(many)).item(), 12);
    expect(() => kNormOverOutputs({ task: "all", outputs: ["a"], lambda: 1, kinship }).start(one)).toThrow(
      'the head of "all" has shape [3, 3] at .weights, expected 1 outputs last',
    );
  });

  test("with an unpenalised mean is the squared distance to the mean: no pull on trunks that agree", () => {
    const penalty = kNormOverTrunks({ tasks, lambda: 2, kinship: meanKinship({ shrinkage: 0 }) });
    const objective = createObjective({ model: soft, tasks: kinds, penalties: [penalty] });
    const { parameters } = objective.initialise(randomKey(1), "float64");
    const alike = Object.fromEntries(tasks.map((t) => [t, parameters.model.tasks.a!]));
    const same: typeof parameters = { ...parameters, model: { ...parameters.model, tasks: alike } };
    const state = penalty.start(same);
    expect(Math.abs(penalty.value(same, state).item())).toBeLessThan(1e-14);
    expect(penalty.value(parameters, state).item()).toBeGreaterThan(0.1);
    const pull = grad((p: typeof parameters) => penalty.value(p, state))(same);
    expect(
      distance(
        pull,
        mapLeaves("zero", pull, (x) => mul(x, 0)),
      ),
    ).toBeLessThan(1e-14);
  });

  test("learned: K is the inverse of (WᵀW)^½ / tr, which minimises tr(W Ω⁻¹ Wᵀ) among covariances of trace 1", () => {
    const w = normal(randomKey(3), [3, 5], { dtype: "float64" });
    const omega = inverse(learnedKinship(w, 0));
    expect(trace(omega).item()).toBeCloseTo(1, 12);
    const gram = matmul(w, transpose(w));
    const square = matmul(omega, omega);
    expect(distance(mul(square, trace(gram).item() / trace(square).item()), gram)).toBeLessThan(1e-9);
    const cost = (o: Tensor) => trace(matmul(inverse(o), gram)).item();
    for (let seed = 0; seed < 20; seed++) {
      const a = normal(randomKey(100 + seed), [3, 3], { dtype: "float64" });
      const other = matmul(a, transpose(a));
      expect(cost(mul(other, 1 / trace(other).item()))).toBeGreaterThan(cost(omega));
    }
  });

  test("learned: starts as independent tasks and is renewed from the heads", () => {
    const penalty = kNormOverHeads({ tasks, lambda: 1, kinship: "learned" });
    const objective = createObjective({ model: hard, tasks: kinds, penalties: [penalty] });
    const { parameters } = objective.initialise(randomKey(1), "float64");
    const start = penalty.start(parameters) as { kinship: Tensor };
    expect(start.kinship.toArray()).toEqual([
      [3, 0, 0],
      [0, 3, 0],
      [0, 0, 3],
    ]);
    const { kinship } = penalty.refresh!(parameters, start) as { kinship: Tensor };
    expect(distance(kinship, transpose(kinship))).toBeLessThan(1e-9);
    for (const value of eigh(kinship).values.toArray() as number[]) expect(value).toBeGreaterThan(0);
    const change = sub(kinship, start.kinship);
    expect(sum(mul(change, change)).item()).toBeGreaterThan(1e-3);
  });

  test("learned from weights of any size: it looks at how they lie to each other", () => {
    const weights = tensor(Float64Array.of(1, 2, -1, 0.5, 3, 1), { shape: [2, 3] });
    const learned = learnedKinship(weights, 0.01);
    for (const size of [1e-6, 1e6])
      expect(distance(learnedKinship(mul(weights, size), 0.01), learned)).toBeLessThan(1e-9);
    const byDefault = kNormOverHeads({ tasks, lambda: 0.5, kinship: "learned" });
    const stated = kNormOverHeads({ tasks, lambda: 0.5, kinship: "learned", ridge: 0.01 });
    const { parameters } = createObjective({ model: hard, tasks: kinds }).initialise(randomKey(1), "float64");
    const renewed = (penalty: typeof stated) =>
      penalty.refresh!(parameters, penalty.start(parameters)) as { kinship: Tensor };
    expect(distance(renewed(byDefault).kinship, renewed(stated).kinship)).toBe(0);
  });

  test("weights of 0 leave the learned kinship where it starts", () => {
    const zero = tensor(new Float64Array(6), { shape: [2, 3] });
    expect(
      distance(
        learnedKinship(zero, 0.01),
        tensor(
          [
            [2, 0],
            [0, 2],
          ],
          { dtype: "float64" },
        ),
      ),
    ).toBeLessThan(1e-12);
  });

  test("refuses tasks whose parameters differ, and trunks that are not the tasks' own", () => {
    const unlike = multiTaskModel({ input: [4], encoder: hardSharing(dense(3)), heads: { ...heads, b: dense(2) } });
    const { parameters } = createObjective({ model: unlike, tasks: kinds }).initialise(randomKey(1));
    const options = { tasks, lambda: 1, kinship: identityKinship() };
    expect(() => kNormOverHeads(options).start(parameters)).toThrow(
      'kNormOverHeads: tasks "a" and "b" differ at .weights: [3, 1] and [3, 2]',
    );
    expect(() => kNormOverTrunks(options).start(parameters)).toThrow('task "a" has no parameters of its own there');
    expect(() => kNormOverHeads({ ...options, lambda: -1 })).toThrow("lambda must be");
    const deeper = { ...heads, c: sequential([dense(2), dense(1)]) };
    const other = multiTaskModel({ input: [4], encoder: hardSharing(dense(3)), heads: deeper });
    expect(() =>
      kNormOverHeads(options).start(
        createObjective({ model: other, tasks: kinds }).initialise(randomKey(1)).parameters,
      ),
    ).toThrow('kNormOverHeads: tasks "a" and "c" differ at .weights: [3, 1] and nothing');
    expect(() => kNormOverHeads({ ...options, tasks: ["a", "z"] }).start(parameters)).toThrow(
      'kNormOverHeads: there is no task "z"; the tasks are a, b, c',
    );
    expect(() =>
      kNormOverOutputs({ task: "z", outputs: ["o"], lambda: 1, kinship: identityKinship() }).start(parameters),
    ).toThrow('kNormOverOutputs: there is no task "z"');
  });
});
