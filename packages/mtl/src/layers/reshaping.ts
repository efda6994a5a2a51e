import { reshape as reshapeTensor } from "@kinship/tensor";
import { describeLayer, type Layer, type nothing, plainLayer, type Shape, shapeError } from "./layer.js";

const count = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** All axes but the batch's as one. */
export function flattenLayer(): Layer<typeof nothing> {
  return plainLayer(
    "flatten",
    describeLayer("flatten", {}),
    (input) => [count(input)],
    (x) => reshapeTensor(x, [x.shape[0]!, count(x.shape.slice(1))]),
  );
}

/** The same numbers under another shape, the batch axis aside: `reshapeLayer([8, 8, 1])` makes images of rows of 64. */
export function reshapeLayer(shape: Shape): Layer<typeof nothing> {
  return plainLayer(
    "reshape",
    describeLayer("reshape", { shape }),
    (input) => {
      if (count(input) !== count(shape)) throw shapeError("reshape", `${count(shape)} numbers an example`, input);
      return shape;
    },
    (x) => reshapeTensor(x, [x.shape[0]!, ...shape]),
  );
}
