import { transpose as permute, tensor } from "@kinship/tensor";
import { expect, test } from "vitest";
import { adam, train } from "../../src/index.js";
import { takeRows } from "../../src/train/data.js";
import { rows, simple } from "./problem.js";

test("rows are taken from views whose axes lie in any order", () => {
  const x = permute(
    tensor([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]),
    [0, 2, 1],
  );
  expect(takeRows(x, [1, 0]).toArray()).toEqual([
    [
      [5, 7],
      [6, 8],
    ],
    [
      [1, 3],
      [2, 4],
    ],
  ]);
});

test("tasks with rows of their own train together, each on its own", async () => {
  const { objective } = simple();
  const data = { price: rows(30, 1).price!, discount: rows(9, 2).discount! };
  const trained = await train({ objective, data, epochs: 30, batchSize: 13, optimizer: adam({ learningRate: 0.05 }) });
  const [first, last] = [trained.history[0]!, trained.history.at(-1)!];
  for (const task of ["price", "discount"]) expect(last.losses[task]).toBeLessThan(0.5 * first.losses[task]!);
  expect(trained.steps).toBe(30 * 3);
});
