import { valueAndGrad } from "@kinship/autodiff";
import { matmul, mean, square, sub, type Tensor, tensor } from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";
import { expect, test } from "vitest";

test("this is a page, with WebAssembly", () => {
  expect(typeof document).toBe("object");
  expect(compile((x: Tensor) => square(x)).explain(tensor([1])).backend).toBe("webassembly");
});

test("a compiled descent fits a line", () => {
  const x = tensor([
    [1, 0],
    [1, 1],
    [1, 2],
    [1, 3],
  ]);
  const y = tensor([[1], [3], [5], [7]]);
  const step = compile((w: Tensor) => {
    const [loss, gradient] = valueAndGrad((v: Tensor) => mean(square(sub(matmul(x, v), y))))(w);
    return {
      w: sub(
        w,
        matmul(
          tensor([
            [0.1, 0],
            [0, 0.1],
          ]),
          gradient,
        ),
      ),
      loss,
    };
  });
  let w = tensor([[0], [0]]);
  for (let k = 0; k < 2000; k++) w = step(w).w;
  expect(w.get(0, 0)).toBeCloseTo(1, 4);
  expect(w.get(1, 0)).toBeCloseTo(2, 4);
});
