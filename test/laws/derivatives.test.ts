import { add, type Derivative, mul, type Primitive, type Site, type Tensor } from "@kinship/tensor";
import { allPrimitives } from "@kinship/tensor/primitives";
import { describe, expect, test } from "vitest";
import { differentiable } from "./differentiable.js";
import { checkPrimitive } from "./laws.js";
import { rounds } from "./rounds.js";
import { exampleOf, named } from "./samples.js";

const stops = ({ derivative }: Primitive): boolean => derivative.kind === "zero" && derivative.stops === true;
const obeying = allPrimitives().filter((primitive) => !stops(primitive));

describe("every primitive obeys every law of derivatives, in both modes, to second order", () => {
  for (const primitive of obeying)
    for (const [k, sample] of primitive.samples.entries())
      test(named(primitive, k), () => checkPrimitive(primitive, sample, rounds));

  test("has samples to be tested on", () => {
    for (const primitive of allPrimitives()) expect(primitive.samples.length, primitive.name).toBeGreaterThan(0);
  });
});

/** The same primitive, both of whose modes are off by the same factor. */
function scaled(primitive: Primitive, factor: number): Primitive {
  const off = <T extends Tensor | undefined>(x: T): T => (x ? mul(x, factor) : x) as T;
  const { derivative } = primitive;
  const wrong = (): Derivative<unknown> => {
    switch (derivative.kind) {
      case "partials":
        return {
          kind: "partials",
          of: derivative.of.map((partial) =>
            typeof partial === "number" ? partial * factor : (site: Site) => off(partial(site)),
          ),
        };
      case "custom":
        return {
          kind: "custom",
          vjp: (g, site, wanted) => [...derivative.vjp(g, site, wanted)].map(off),
          jvp: (tangents, site) => off(derivative.jvp(tangents, site)),
        };
      case "linear":
      case "multilinear":
        // Forward mode applies the primitive itself, so only the adjoint can be wrong.
        return { ...derivative, adjoint: (g, input, site) => off(derivative.adjoint(g, input, site)) };
      case "zero":
        return derivative;
    }
  };
  return { ...primitive, derivative: wrong() };
}

const caught = (primitive: Primitive, k = 0): boolean => {
  try {
    checkPrimitive(primitive, primitive.samples[k], 10);
    return false;
  } catch {
    return true;
  }
};

describe("a wrong rule is caught", () => {
  const wrong = (of: Primitive, derivative: Derivative<unknown>): Primitive => ({ ...of, derivative });
  const product = mul.primitive as Primitive;

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

  const differing = obeying.flatMap((primitive) => {
    if (primitive.derivative.kind === "zero") return [];
    const k = primitive.samples.findIndex(
      (sample) => differentiable(primitive, sample, exampleOf(sample, 1)).at.length > 0,
    );
    return k < 0 ? [] : [{ name: primitive.name, primitive, k }];
  });

  test.each(differing)("a factor of 1.001 in $name", ({ primitive, k }) => {
    expect(caught(scaled(primitive, 1.001), k)).toBe(true);
  });
});
