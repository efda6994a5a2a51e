import { adaGrad, adam, adamW, lbfgs, lion, type Optimizer, rmsProp, sgd } from "@kinship/mtl";
import { mul, sub, type Tensor, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

// The published rules, one parameter at a time in plain numbers: an oracle that shares nothing with the library.
type Oracle = () => (x: number, g: number) => number;

const rules: readonly (readonly [string, Optimizer, Oracle])[] = [
  ["gradient descent", sgd({ learningRate: 0.1 }), () => (x, g) => x - 0.1 * g],
  [
    "momentum",
    sgd({ learningRate: 0.1, momentum: 0.9 }),
    () => {
      let v = 0;
      return (x, g) => {
        v = 0.9 * v + g;
        return x - 0.1 * v;
      };
    },
  ],
  [
    "Nesterov",
    sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    () => {
      let v = 0;
      return (x, g) => {
        v = 0.9 * v + g;
        return x - 0.1 * (g + 0.9 * v);
      };
    },
  ],
  [
    "AdaGrad",
    adaGrad({ learningRate: 0.1, epsilon: 1e-8 }),
    () => {
      let s = 0;
      return (x, g) => {
        s += g * g;
        return x - (0.1 * g) / (Math.sqrt(s) + 1e-8);
      };
    },
  ],
  [
    "RMSProp",
    rmsProp({ learningRate: 0.1, decay: 0.9 }),
    () => {
      let v = 0;
      return (x, g) => {
        v = 0.9 * v + 0.1 * g * g;
        return x - (0.1 * g) / (Math.sqrt(v) + 1e-8);
      };
    },
  ],
  [
    "Adam",
    adam({ learningRate: 0.1 }),
    () => {
      let [m, v, t] = [0, 0, 0];
      return (x, g) => {
        t++;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        return x - (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
      };
    },
  ],
  [
    "AdamW",
    adamW({ learningRate: 0.1, weightDecay: 0.3 }),
    () => {
      let [m, v, t] = [0, 0, 0];
      return (x, g) => {
        t++;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        const mean = m / (1 - 0.9 ** t);
        return x - 0.1 * (mean / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8) + 0.3 * x);
      };
    },
  ],
  [
    "Lion",
    lion({ learningRate: 0.1, weightDecay: 0.3 }),
    () => {
      let m = 0;
      return (x, g) => {
        const along = 0.9 * m + 0.1 * g;
        // Where the terms cancel rounding decides the sign, and either is right.
        fc.pre((m === 0 && g === 0) || Math.abs(along) > 1e-12);
        const direction = Math.sign(along);
        m = 0.99 * m + 0.01 * g;
        return x - 0.1 * (direction + 0.3 * x);
      };
    },
  ],
];

const number = fc.integer({ min: -512, max: 512 }).map((k) => k / 128);

describe.each(rules)("%s", (_, optimizer, oracle) => {
  test("follows its published rule for several steps, in a nested structure", () => {
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 3, maxLength: 3 }),
        fc.array(fc.array(number, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
        (start, gradients) => {
          const structure = (x: readonly number[]) => ({
            layers: [{ weights: tensor(Float64Array.of(x[0]!, x[1]!)) }],
            bias: tensor(x[2]!, { dtype: "float64" }),
          });
          let parameters = structure(start);
          let state = optimizer.start(parameters);
          const expected = [...start];
          const plain = start.map(oracle);
          gradients.forEach((gradient, k) => {
            ({ state, parameters } = optimizer.update(state, structure(gradient), parameters));
            for (let i = 0; i < 3; i++) expected[i] = plain[i]!(expected[i]!, gradient[i]!);
            const found = [...parameters.layers[0]!.weights.toTypedArray(), parameters.bias.item()];
            for (let i = 0; i < 3; i++) expect(found[i]!).toBeCloseTo(expected[i]!, 10);
            expect(state.step.item()).toBe(k + 1);
          });
        },
      ),
    );
  });
});

const optimizers = [...rules.map(([name, own]) => [name, own] as const), ["L-BFGS", lbfgs({ memory: 2 })] as const];

describe.each(optimizers)("%s", (_, optimizer) => {
  test("keeps float32, and the old state and parameters as they were", () => {
    const parameters = { w: tensor([1, 2]), deep: [tensor([[3]])] };
    const gradients = { w: tensor([0.5, -1]), deep: [tensor([[2]])] };
    const state = optimizer.start(parameters);
    const once = optimizer.update(state, gradients, parameters);
    expect(once.parameters.w.dtype).toBe("float32");
    expect(once.parameters.deep[0]!.shape).toEqual([1, 1]);
    for (const slot of Object.values(once.state.slots)) expect(slot.w.dtype).toBe("float32");
    expect(parameters.w.toArray()).toEqual([1, 2]);
    expect(state.step.item()).toBe(0);
    // Pure: the same step again is the same to the bit.
    const again = optimizer.update(state, gradients, parameters);
    expect(again.parameters.w.toArray()).toEqual(once.parameters.w.toArray());
  });

  test("leaves parameters with zero gradients alone, but for decay", () => {
    const parameters = { moving: tensor([1, -2]), frozen: tensor([0.3, -0.7]) };
    let state = optimizer.start(parameters);
    let own = parameters;
    for (let step = 0; step < 3; step++)
      ({ state, parameters: own } = optimizer.update(state, { moving: tensor([1, 1]), frozen: tensor([0, 0]) }, own));
    const decay = ["adamW", "lion"].includes(optimizer.name) ? (1 - 0.1 * 0.3) ** 3 : 1;
    if (decay === 1) expect(own.frozen.toArray()).toEqual(parameters.frozen.toArray());
    else expect(own.frozen.get(0)).toBeCloseTo(0.3 * decay, 6);
    expect(own.moving.toArray()).not.toEqual(parameters.moving.toArray());
  });

  test("a factor multiplies the learning rate, from the next step on too", () => {
    const x = tensor(Float64Array.of(2));
    const g = tensor(Float64Array.of(3));
    const full = optimizer.update<Tensor>(optimizer.start<Tensor>(x), g, x);
    const tenth = optimizer.update<Tensor>(optimizer.start<Tensor>(x), g, x, 0.1);
    expect(2 - tenth.parameters.item()).toBeCloseTo((2 - full.parameters.item()) / 10, 12);
  });

  test("compiled, several steps end where they do otherwise: no value is read", () => {
    const start = { w: tensor(Float64Array.of(1, -2, 0.25)), b: [tensor([0.5])] };
    const gradients = { w: tensor(Float64Array.of(0.5, 3, -0.125)), b: [tensor([-2])] };
    type Pair = { state: ReturnType<typeof optimizer.start<typeof start>>; parameters: typeof start };
    const step = ({ state, parameters }: Pair): Pair => optimizer.update(state, gradients, parameters);
    const compiled = compile(step);
    let eager: Pair = { state: optimizer.start(start), parameters: start };
    let fast = eager;
    for (let k = 0; k < 4; k++) {
      eager = step(eager);
      fast = compiled(fast);
    }
    expect(fast.parameters.b[0]!.dtype).toBe("float32");
    for (let i = 0; i < 3; i++) expect(fast.parameters.w.get(i)).toBeCloseTo(eager.parameters.w.get(i), 12);
    expect(fast.parameters.b[0]!.get(0)).toBeCloseTo(eager.parameters.b[0]!.get(0), 5);
    expect(fast.state.step.item()).toBe(4);
  });

  test("says where gradients do not fit", () => {
    const parameters = { a: tensor([1]), b: tensor([2]) };
    const state = optimizer.start(parameters);
    expect(() => optimizer.update(state, { a: tensor([1]) } as unknown as typeof parameters, parameters)).toThrow(
      /\.b/,
    );
  });
});

describe("convergence", () => {
  test.each([
    ["gradient descent", sgd({ learningRate: 0.05 }), 1e-6],
    ["momentum", sgd({ learningRate: 0.02, momentum: 0.9 }), 1e-6],
    ["Nesterov", sgd({ learningRate: 0.02, momentum: 0.9, nesterov: true }), 1e-6],
    ["AdaGrad", adaGrad({ learningRate: 1 }), 1e-6],
    ["Adam", adam({ learningRate: 0.1 }), 1e-4],
    ["L-BFGS", lbfgs(), 1e-12],
    // Steps of constant size end in a band around the minimum.
    ["RMSProp", rmsProp({ learningRate: 0.01 }), 0.02],
    ["Lion", lion({ learningRate: 0.01 }), 0.03],
  ] as const)("%s finds the minimum of a quadratic", (_, optimizer, tolerance) => {
    // ½ Σ a_i (x_i − c_i)²
    const a = tensor(Float64Array.of(1, 4, 10));
    const c = tensor(Float64Array.of(3, -1, 0.5));
    let x: Tensor = tensor(Float64Array.of(0, 0, 0));
    let state = optimizer.start<Tensor>(x);
    for (let step = 0; step < 1000; step++)
      ({ state, parameters: x } = optimizer.update<Tensor>(state, mul(a, sub(x, c)), x));
    for (let i = 0; i < 3; i++) expect(Math.abs(x.get(i) - c.get(i))).toBeLessThan(tolerance);
  });
});

test("what is not asked for is as stated", () => {
  const after = (optimizer: Optimizer) => {
    let x: Tensor = tensor(Float64Array.of(2, -1));
    let state = optimizer.start<Tensor>(x);
    for (const g of [3, 0.5, -2])
      ({ state, parameters: x } = optimizer.update<Tensor>(state, tensor(Float64Array.of(g, 1e-7 * g)), x));
    return x.toArray();
  };
  const learningRate = 0.1;
  for (const [plain, stated] of [
    [sgd({ learningRate }), sgd({ learningRate, momentum: 0, nesterov: false })],
    [rmsProp({ learningRate }), rmsProp({ learningRate, decay: 0.9, epsilon: 1e-8 })],
    [adam({ learningRate }), adam({ learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 })],
    [adamW({ learningRate }), adamW({ learningRate, weightDecay: 0.01 })],
    [lion({ learningRate }), lion({ learningRate, beta1: 0.9, beta2: 0.99, weightDecay: 0 })],
    [lbfgs(), lbfgs({ memory: 10, learningRate: 1 })],
  ] as const)
    expect(after(plain)).toEqual(after(stated));
});

test("options out of range are refused", () => {
  expect(() => sgd({ learningRate: -1 })).toThrow(/learning rate/);
  expect(() => sgd({ learningRate: 1, momentum: 1 })).toThrow(/momentum/);
  expect(() => adam({ learningRate: 1, beta2: 1.5 })).toThrow(/beta2/);
  expect(() => adamW({ learningRate: 1, weightDecay: -1 })).toThrow(/weightDecay/);
  expect(() => lbfgs({ learningRate: -1 })).toThrow(/learning rate/);
  expect(() => lbfgs({ memory: 0 }).start(tensor([1]))).toThrow("memory must be a whole number of at least 1, not 0");
});
