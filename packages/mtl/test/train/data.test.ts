import {
  binary,
  createObjective,
  type Dataset,
  dense,
  hardSharing,
  multiTaskModel,
  regression,
  sgd,
  train,
} from "@kinship/mtl";
import { normal, ones, randomKey, type Tensor, tensor, zeros } from "@kinship/tensor";
import { describe, expect, test } from "vitest";

const model = multiTaskModel({
  input: [3],
  encoder: hardSharing(dense(2)),
  heads: { price: dense(1), sold: dense(1) },
});
const objective = createObjective({ model, tasks: { price: regression(), sold: binary() } });
const x = normal(randomKey(1), [8, 3]);
const price = { x, y: ones([8]) };
const sold = { x, y: tensor([0, 1, 0, 1, 0, 1, 0, 1]) };
/** The inputs with this number at row 5, column 1. */
const having = (value: number): Tensor => {
  const own = tensor(x.toArray() as number[][]);
  own.set(5, 1, value);
  return own;
};

describe("rows that cannot be learned from are an error that names the task", () => {
  const cases: [string, unknown, string][] = [
    ["no rows", { price: { x: zeros([0, 3]), y: zeros([0]) }, sold }, 'data: task "price" has no rows; give it some'],
    ["no such task", { price, sold, rent: price }, 'data: there is no task "rent"; the tasks are price, sold'],
    ["none of a task", { price }, 'data: task "sold" has no rows; give it some, or leave out its head'],
    ["arrays", { price: { x: [[1, 2, 3]], y: [1] }, sold }, 'task "price": expected tensors as x and y; make them'],
    ["an array of labels", { price: { x, y: Array(8).fill(1) }, sold }, 'task "price": expected tensors as x and y'],
    ["another width", { price: { x: ones([8, 4]), y: price.y }, sold }, 'task "price": x has shape [8, 4], expected'],
    ["fewer labels", { price: { x, y: ones([7]) }, sold }, 'task "price": x has 8 rows and y has 7'],
    ["no labels", { price: { x }, sold }, 'task "price" is a regression and has no labels y'],
    ["NaN", { price: { x: having(Number.NaN), y: price.y }, sold }, 'task "price", row 5, column 1: the input is NaN'],
    ["infinity", { price, sold: { x: having(-Infinity), y: sold.y } }, "row 5, column 1: the input is -Infinity"],
  ];
  test.each(cases)("%s", async (_, data, message) => {
    const optimizer = sgd({ learningRate: 0.1 });
    await expect(train({ objective, data: data as Dataset, epochs: 1, optimizer })).rejects.toThrow(message);
  });
});
