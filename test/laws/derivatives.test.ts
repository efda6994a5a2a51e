import { add, allPrimitives, type Derivative, mul, type Primitive } from "@kinship/tensor";
import { describe, expect, test } from "vitest";
import {
  differentiable,
  forwardMatchesDifferences,
  reverseIsTransposeOfForward,
  secondOrderAgrees,
} from "./derivatives.js";
import { generator, inputsOf, named } from "./samples.js";

const rounds = Number(process.env.KINSHIP_RUNS ?? 3);

function laws(primitive: Primitive, k: number): { name: string; check: () => void }[] {
  const sample = primitive.samples[k];
  const each = (law: typeof forwardMatchesDifferences) => () => {
    for (let round = 1; round <= rounds; round++) {
      const random = generator(round * 7919 + k);
      const { f, at } = differentiable(primitive, sample, inputsOf(sample, random));
      if (at.length > 0) law(f, at, random);
    }
  };
  return [
    { name: "jvp agrees with differences", check: each(forwardMatchesDifferences) },
    { name: "vjp is the transpose of jvp", check: each(reverseIsTransposeOfForward) },
    { name: "second order agrees in every mode", check: each(secondOrderAgrees) },
  ];
}

describe("every primitive", () => {
  const obeying = allPrimitives().filter(({ derivative }) => !(derivative.kind === "zero" && derivative.stops));
  for (const primitive of obeying)
    for (const k of primitive.samples.keys())
      for (const { name, check } of laws(primitive, k)) test(`${named(primitive, k)}: ${name}`, check);

  test("has samples to be tested on", () => {
    for (const primitive of allPrimitives()) expect(primitive.samples.length, primitive.name).toBeGreaterThan(0);
  });
});

describe("a wrong rule is caught", () => {
  const wrong = (of: Primitive, derivative: Derivative<unknown>): Primitive => ({ ...of, derivative });
  const product = mul.primitive as Primitive;
  const caught = (primitive: Primitive) =>
    laws(primitive, 0).some(({ check }) => {
      try {
        check();
        return false;
      } catch {
        return true;
      }
    });

  test("the right rule passes", () => expect(caught(product)).toBe(false));

  test("a sign, a factor, a missing term, swapped arguments", () => {
    const cases: Derivative<unknown>[] = [
      { kind: "partials", of: [({ inputs: [, y] }) => mul(y, -1), ({ inputs: [x] }) => x] },
      { kind: "partials", of: [({ inputs: [, y] }) => mul(y, 1.001), ({ inputs: [x] }) => x] },
      { kind: "partials", of: [({ inputs: [, y] }) => y, 0] },
      { kind: "partials", of: [({ inputs: [x] }) => x, ({ inputs: [, y] }) => y] },
      { kind: "partials", of: [({ inputs: [x, y] }) => add(x, y), ({ inputs: [x] }) => x] },
      { kind: "zero" },
    ];
    for (const derivative of cases) expect(caught(wrong(product, derivative))).toBe(true);
  });
});
