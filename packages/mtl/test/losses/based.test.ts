import { logistic, multinomial, poisson } from "@kinship/mtl";
import fc from "fast-check";
import { expect, test } from "vitest";
import { basedLoss } from "../../src/losses/based.js";

const grid = fc.integer({ min: -768, max: 768 }).map((k) => k / 256);

test.each([
  ["logistic", logistic(), [0.7]],
  ["multinomial", multinomial({ classes: 3 }), [0.5, -1, 0.25]],
  ["poisson", poisson(), [-0.5]],
])("%s from a base: derivatives by differences, and ℓ(z) + ℓ*(∇ℓ) = ⟨∇ℓ, z⟩", (_, loss, base) => {
  const based = basedLoss(loss, base);
  const { outputs } = loss;
  fc.assert(
    fc.property(fc.array(grid, { minLength: outputs, maxLength: outputs }), fc.integer({ min: 0, max: 1 }), (z, y) => {
      // Behind two rows, so that offsets count.
      const at = 2 * outputs;
      const place = (values: readonly number[]) => Float64Array.from([...new Array(at).fill(9), ...values]);
      const scores = place(z);
      expect(based.value(scores, at, y)).toBeCloseTo(
        loss.value(
          Float64Array.from(z, (value, c) => value + base[c]!),
          0,
          y,
        ),
        12,
      );
      const gradient = place(new Array(outputs).fill(0));
      based.gradient(scores, at, y, gradient);
      const curve = place(new Array(outputs).fill(0));
      const direction = place(Array.from({ length: outputs }, (_, c) => 1 - c / 2));
      based.curve(scores, at, y, direction, curve);
      const h = 1e-5;
      const moved = (c: number, by: number) => place(z.map((value, k) => value + (k === c ? by : 0)));
      for (let c = 0; c < outputs; c++) {
        const slope = (based.value(moved(c, h), at, y) - based.value(moved(c, -h), at, y)) / (2 * h);
        expect(Math.abs(slope - gradient[at + c]!)).toBeLessThan(1e-7);
      }
      const along = (by: number) => {
        const out = place(new Array(outputs).fill(0));
        based.gradient(place(z.map((value, c) => value + by * direction[at + c]!)), at, y, out);
        return out;
      };
      const [ahead, behind] = [along(h), along(-h)];
      for (let c = 0; c < outputs; c++) {
        expect(Math.abs((ahead[at + c]! - behind[at + c]!) / (2 * h) - curve[at + c]!)).toBeLessThan(1e-7);
      }
      const product = z.reduce((sum, value, c) => sum + value * gradient[at + c]!, 0);
      expect(based.value(scores, at, y) + based.conjugate(gradient, at, y)).toBeCloseTo(product, 9);
    }),
  );
});
