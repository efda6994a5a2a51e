import {
  averaging,
  clipByNorm,
  clipByValue,
  constantRate,
  cosineRate,
  movingAverage,
  onPlateau,
  plateau,
  type Schedule,
  sgd,
  stepRate,
  structureNorm,
  warmUp,
} from "@kinship/mtl";
import { type Tensor, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const at = (schedule: Schedule, step: number) => schedule(tensor(step, { dtype: "float64" })).item();

describe("schedules", () => {
  test("constant", () => expect(at(constantRate(0.3), 7)).toBe(0.3));

  test("steps", () => {
    const schedule = stepRate({ rate: 0.8, factor: 0.5, every: 10 });
    expect([0, 9, 10, 19, 20, 35].map((step) => at(schedule, step))).toEqual([0.8, 0.8, 0.4, 0.4, 0.2, 0.1]);
  });

  test("cosine: from the rate to the floor, half-way at half the steps, then the floor", () => {
    const schedule = cosineRate({ rate: 1, steps: 100, floor: 0.1 });
    expect(at(schedule, 0)).toBeCloseTo(1, 12);
    expect(at(schedule, 50)).toBeCloseTo(0.55, 12);
    expect(at(schedule, 25)).toBeCloseTo(0.1 + 0.45 * (1 + Math.SQRT1_2), 12);
    expect(at(schedule, 100)).toBeCloseTo(0.1, 12);
    expect(at(schedule, 1000)).toBeCloseTo(0.1, 12);
  });

  test("cosine ends at 0 unless told otherwise, and warm-up rises to where it begins", () => {
    const schedule = cosineRate({ rate: 0.4, steps: 4 });
    expect(at(schedule, 4)).toBeCloseTo(0, 12);
    expect([0, 1, 2, 6].map((step) => at(warmUp(2, schedule), step))).toEqual([
      expect.closeTo(0.2, 12),
      expect.closeTo(0.4, 12),
      expect.closeTo(0.4, 12),
      expect.closeTo(0, 12),
    ]);
  });

  test("warm-up rises evenly to the full rate, then follows", () => {
    const schedule = warmUp(4, stepRate({ rate: 0.4, factor: 0.5, every: 2 }));
    expect([0, 1, 2, 3, 4, 5, 6].map((step) => at(schedule, step))).toEqual([
      0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4, 0.2,
    ]);
  });

  test("an optimizer asks with the number of updates before", () => {
    const optimizer = sgd({ learningRate: stepRate({ rate: 1, factor: 0.1, every: 2 }) });
    let x: Tensor = tensor(Float64Array.of(0));
    let state = optimizer.start<Tensor>(x);
    const seen: number[] = [];
    for (let k = 0; k < 4; k++) {
      const before = x.item();
      ({ state, parameters: x } = optimizer.update<Tensor>(state, tensor(Float64Array.of(1)), x));
      seen.push(before - x.item());
    }
    [1, 1, 0.1, 0.1].forEach((rate, k) => {
      expect(seen[k]!).toBeCloseTo(rate, 12);
    });
  });

  test("plateau lowers the rate after patience without a better loss", () => {
    const { start, update } = plateau({ patience: 2, factor: 0.5 });
    let state = start();
    const factors = [5, 4, 4, 4, 4, 3, 3, 3, 3, 3].map((loss) => {
      state = update(state, loss);
      return state.factor.item();
    });
    expect(factors).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]);
    expect(state.best.item()).toBe(3);
  });

  test("plateau waits as long each time, by default ten rounds for a tenth", () => {
    const { start, update } = plateau();
    let state = start();
    const falls: number[] = [];
    for (let round = 0; round < 40; round++) {
      const before = state.factor.item();
      // Less than a ten-thousandth better is no better.
      state = update(state, 1 - 1e-6 * round);
      if (state.factor.item() < before) falls.push(round);
    }
    expect(falls).toEqual([11, 22, 33]);
    expect(state.factor.item()).toBeCloseTo(1e-3, 12);
  });

  test("plateau knows that negative losses can fall", () => {
    const { start, update } = plateau({ patience: 0, factor: 0.5 });
    let state = start();
    for (const loss of [-1, -2, -3, -4]) state = update(state, loss);
    expect(state.factor.item()).toBe(1);
    expect(update(state, -4).factor.item()).toBe(0.5);
  });
});

describe("clipping", () => {
  const numbers = fc.array(
    fc.integer({ min: -1024, max: 1024 }).map((k) => k / 64),
    { minLength: 1, maxLength: 5 },
  );

  test("by norm: never longer, the same direction, untouched where short enough", () => {
    fc.assert(
      fc.property(numbers, numbers, fc.constantFrom(0.1, 1, 50), (a, b, limit) => {
        const gradients = { a: tensor(Float64Array.from(a)), b: [tensor(Float64Array.from(b))] };
        const norm = Math.sqrt([...a, ...b].reduce((total, value) => total + value * value, 0));
        expect(structureNorm(gradients).item()).toBeCloseTo(norm, 10);
        const clipped = clipByNorm(gradients, limit);
        const scale = norm > limit ? limit / norm : 1;
        const found = [...clipped.a.toTypedArray(), ...clipped.b[0]!.toTypedArray()];
        [...a, ...b].forEach((value, k) => {
          expect(found[k]!).toBeCloseTo(value * scale, 10);
        });
        if (norm <= limit) expect(found).toEqual([...a, ...b]);
      }),
    );
  });

  test("by norm does not overflow in float32", () => {
    const clipped = clipByNorm(tensor([3e25, 4e25]), 5);
    expect(clipped.dtype).toBe("float32");
    expect(clipped.get(0)).toBeCloseTo(3, 5);
    expect(clipped.get(1)).toBeCloseTo(4, 5);
  });

  test("by value", () => {
    expect(clipByValue({ w: tensor([-3, 0.5, 3]) }, 1).w.toArray()).toEqual([-1, 0.5, 1]);
    expect(() => clipByValue(tensor([1]), 0)).toThrow(/positive/);
  });
});

test("the moving average starts where it is put and follows", () => {
  let average = { w: tensor(Float64Array.of(1)) };
  for (const value of [2, 3]) average = movingAverage(average, { w: tensor(Float64Array.of(value)) }, 0.9);
  expect(average.w.item()).toBeCloseTo(0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 3, 12);
  expect(movingAverage(tensor(Float64Array.of(0)), tensor(Float64Array.of(1))).item()).toBeCloseTo(1e-3, 12);
});

test("an optimizer on a plateau goes at its rate times the plateau's factor, through averaging too", () => {
  const x = tensor(Float64Array.of(1));
  const gradient = tensor(Float64Array.of(1));
  const watching = onPlateau(sgd({ learningRate: 0.5 }), { patience: 1, factor: 0.1 });
  for (const optimizer of [watching, averaging(watching)]) {
    let state = optimizer.start<Tensor>(x);
    const rates = [3, 3, 3, 2, 2, 2].map((loss) => {
      state = optimizer.observe!<Tensor>(state, loss);
      const updated = optimizer.update<Tensor>(state, gradient, x);
      state = updated.state;
      return 1 - updated.parameters.item();
    });
    [0.5, 0.5, 0.05, 0.05, 0.05, 0.005].forEach((rate, k) => {
      expect(rates[k]!).toBeCloseTo(rate, 12);
    });
    expect(1 - optimizer.update<Tensor>(state, gradient, x, 0.5).parameters.item()).toBeCloseTo(0.0025, 12);
    expect(() => onPlateau(optimizer)).toThrow(/watches the loss already/);
  }
});

describe("an optimizer that averages", () => {
  test("averages evenly at first, then by its decay, and moves parameters as it would alone", () => {
    const plain = sgd({ learningRate: 0.1 });
    const optimizer = averaging(plain, { decay: 0.8 });
    let x = { w: tensor(Float64Array.of(5, -3)) };
    let alone = x;
    let state = optimizer.start(x);
    let ownState = plain.start(alone);
    const seen: number[] = [];
    let moving = 0;
    for (let k = 1; k <= 12; k++) {
      const gradient = { w: tensor(Float64Array.of(Math.sin(k), Math.cos(k))) };
      ({ state, parameters: x } = optimizer.update(state, gradient, x));
      ({ state: ownState, parameters: alone } = plain.update(ownState, gradient, alone));
      expect(x.w.toArray()).toEqual(alone.w.toArray());
      seen.push(x.w.get(0));
      // 1/(1 − δ) is 5.
      moving = k <= 5 ? seen.reduce((a, b) => a + b, 0) / k : 0.8 * moving + 0.2 * x.w.get(0);
      expect(state.slots.average!.w.get(0)).toBeCloseTo(moving, 12);
    }
    expect(optimizer.name).toBe("sgd, averaged by 0.8");
    expect(() => averaging(plain, { decay: 1 })).toThrow(/decay/);
  });

  test("comes nearer to a minimum than its last step does, where gradients are noisy", () => {
    const optimizer = averaging(sgd({ learningRate: 0.2 }), { decay: 0.99 });
    let x: Tensor = tensor(Float64Array.of(0));
    let state = optimizer.start<Tensor>(x);
    let far = 0;
    for (let k = 0; k < 1000; k++) {
      // ½ (x − 3)² with noise of ±1.
      ({ state, parameters: x } = optimizer.update<Tensor>(
        state,
        tensor(Float64Array.of(x.item() - 3 + (-1) ** k)),
        x,
      ));
      far = Math.abs(x.item() - 3);
    }
    expect(far).toBeGreaterThan(0.1);
    expect(Math.abs(state.slots.average!.item() - 3)).toBeLessThan(0.01);
  });
});

test("schedules, clipping and plateau can be compiled: they read no value", () => {
  const schedule = warmUp(3, cosineRate({ rate: 0.2, steps: 10 }));
  const step = compile((x: Tensor) => clipByNorm({ x }, 1).x);
  expect(step(tensor([3, 4])).get(0)).toBeCloseTo(0.6, 5);
  const compiled = compile((count: Tensor) => schedule(count));
  for (const count of [0, 2, 3, 8, 40])
    expect(compiled(tensor(count, { dtype: "float64" })).item()).toBeCloseTo(at(schedule, count), 10);
});
