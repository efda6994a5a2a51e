import {
  createRandom,
  createTable,
  type Loss,
  logistic,
  multinomial,
  poisson,
  squared,
  type Table,
} from "@kinship/mtl";

export interface Rows {
  readonly task: string;
  readonly x: readonly number[];
  /** Σ x w of the task. */
  readonly score: number;
  /** Even in 0 … 1. */
  readonly luck: number;
}

/** Tasks near a common vector, in which the last features count for nothing. */
export function drawRows({ tasks = 6, rows = 24, features = 4, seed = 3 } = {}): Rows[] {
  const random = createRandom(seed);
  const common = Array.from({ length: features }, (_, j) => (j < 2 ? 1.5 - 2 * j : 0));
  return Array.from({ length: tasks }, (_, t) => {
    const own = common.map((value) => (value === 0 ? 0 : value + 0.4 * (random() - 0.5)));
    return Array.from({ length: rows }, (): Rows => {
      const x = own.map(() => 4 * random() - 2);
      return { task: `t${t}`, x, score: x.reduce((sum, value, j) => sum + value * own[j]!, 0), luck: random() };
    });
  }).flat();
}

export function tableOf(rows: readonly Rows[], label: (row: Rows) => number | string): Table {
  return createTable([
    { name: "task", values: rows.map(({ task }) => task) },
    ...rows[0]!.x.map((_, j) => ({ name: `x${j}`, values: rows.map(({ x }) => x[j]!) })),
    { name: "y", values: rows.map(label) },
  ]);
}

function count({ score, luck }: Rows): number {
  const mean = Math.exp(score / 2);
  let power = Math.exp(-mean);
  let below = power;
  let k = 0;
  while (below < luck && k < 60) {
    k++;
    power *= mean / k;
    below += power;
  }
  return k;
}

/** One target for each loss, of the same rows. */
export const targets: readonly {
  readonly loss: Loss;
  readonly label: (row: Rows) => number | string;
  readonly labels?: readonly string[];
}[] = [
  { loss: squared(), label: ({ score, luck }) => score + 0.3 * luck },
  {
    loss: logistic(),
    label: ({ score, luck }) => (luck < 1 / (1 + Math.exp(-score)) ? "yes" : "no"),
    labels: ["no", "yes"],
  },
  {
    loss: multinomial({ classes: 3 }),
    label: ({ score, luck }) => (score + luck > 1 ? "high" : score + luck > -1 ? "middle" : "low"),
    labels: ["high", "low", "middle"],
  },
  { loss: poisson(), label: count },
];
