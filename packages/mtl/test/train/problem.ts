import { normal, randomKey, type Tensor, tensor } from "@kinship/tensor";
import {
  adam,
  batchNorm,
  binary,
  clustering,
  createObjective,
  type Dataset,
  dense,
  dropout,
  hardSharing,
  kNormOverHeads,
  multiclass,
  multiTaskModel,
  type Objective,
  regression,
  sequential,
  sharedRows,
  type TrainOptions,
  type train,
  type Wrap,
} from "../../src/index.js";
import { bits } from "../support/gradients.js";

/** Rows of two groups: a regression, a binary and a multiclass task on them, some labels missing. */
export function rows(count: number, seed: number): Dataset {
  const x = normal(randomKey(seed), [count, 4]);
  const at = (k: number) => (x.toArray() as number[][])[k]!;
  const label = (f: (row: number[]) => number, every: number): Tensor =>
    tensor(Float64Array.from({ length: count }, (_, k) => (k % every === every - 1 ? Number.NaN : f(at(k)))));
  return sharedRows(x, {
    price: label(([a, b]) => 3 * a! - b! + 10, 7),
    discount: label(([a, b]) => 2 * a! + b! - 4, 9),
    sold: label(([a]) => Number(a! > 0), 5),
    kind: label(([, b, c]) => (b! > c! ? 0 : c! > 0 ? 1 : 2), 1000),
    group: undefined,
  });
}

/** One of everything that carries state from step to step. */
export function everything(): Objective {
  const trunk = sequential([dense(6), batchNorm(), dropout(0.2), dense(5, { activation: "tanh" })]);
  const heads = { price: dense(1), discount: dense(1), sold: dense(1), kind: dense(3), group: dense(2) };
  const model = multiTaskModel({ input: [4], encoder: hardSharing(trunk), heads });
  return createObjective({
    model,
    tasks: {
      price: regression(),
      discount: regression({ loss: "huber" }),
      sold: binary({ labelSmoothing: 0.1 }),
      kind: { kind: multiclass({ classes: 3 }), weight: 0.5 },
      group: { kind: clustering({ clusters: 2, warmUp: 1 }), weight: 0.1 },
    },
    penalties: [kNormOverHeads({ tasks: ["price", "discount"], lambda: 0.1, kinship: "learned" })],
  });
}

/** Two regressions on the same rows. */
export function simple(count = 24): { objective: Objective; data: Dataset } {
  const all = rows(count, 5);
  const model = multiTaskModel({
    input: [4],
    encoder: hardSharing(dense(3, { activation: "tanh" })),
    heads: { price: dense(1), discount: dense(1) },
  });
  const objective = createObjective({ model, tasks: { price: regression(), discount: regression() } });
  return { objective, data: { price: all.price!, discount: all.discount! } };
}

/** A training of everything, with what each of its steps and epochs can have. */
export const full = (): TrainOptions => ({
  objective: everything(),
  data: rows(40, 1),
  validation: rows(20, 2),
  epochs: 4,
  batchSize: 12,
  optimizer: adam({ learningRate: 0.01 }),
  seed: 3,
});

/** What must be the same, to the bit, where training is. */
export const signature = (trained: Awaited<ReturnType<typeof train>>) => ({
  bits: bits({ parameters: trained.parameters, layers: trained.layers }),
  history: trained.history,
  stopped: trained.stopped,
});

/** Operation by operation, where a test looks at each or compares. */
export const eager: Wrap = (f) => f;
