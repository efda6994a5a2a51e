import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { checkpoint, hvp, jvp, valueAndGrad } from "@kinship/autodiff";
import { matmul, mean, mul, square, sub, type Tensor, tanh, tensor } from "@kinship/tensor";
import { expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function used(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const x = tensor([
  [1, 2],
  [3, 4],
]);
const y = tensor([[1], [2]]);
const start = tensor([[0.1], [0.2]]);
const loss = (w: Tensor): Tensor => mean(square(sub(matmul(x, w), y)));

function grown(rounds: number, step: (w: Tensor) => Tensor): number {
  let w = start;
  const run = (count: number) => {
    for (let k = 0; k < count; k++) w = step(w);
  };
  run(2000);
  const before = used();
  run(rounds);
  return used() - before;
}

// The engine's own compiled code grows by some hundred kilobytes. A tensor with its storage and buffer takes about 300
// bytes, so that one kept in twenty of 100,000 rounds shows, as the last test does.
const flat = 1_000_000;

test("100,000 training steps leave the heap as it was", { timeout: 300_000 }, () => {
  const train = (w: Tensor): Tensor => sub(w, mul(valueAndGrad(loss)(w)[1], 0.01));
  expect(grown(100_000, train)).toBeLessThan(flat);
});

test("so do forward mode, second order, checkpoints and what fails", { timeout: 300_000 }, () => {
  const saved = checkpoint((w: Tensor) => tanh(w));
  const all = (w: Tensor): Tensor => {
    expect(() => valueAndGrad((v: Tensor) => v)(w)).toThrow();
    const [, t] = jvp(loss, [w], [w]);
    const [, g] = valueAndGrad((v: Tensor) => loss(saved(v)))(w);
    return sub(w, mul(sub(sub(g, t), hvp(loss)(w, w)), 1e-6));
  };
  expect(grown(8000, all)).toBeLessThan(flat);
});

test("what is kept in one of twenty rounds does show", { timeout: 300_000 }, () => {
  const kept: Tensor[] = [];
  let round = 0;
  const keep = (w: Tensor): Tensor => {
    const next = mul(w, 1);
    if (round++ % 20 === 0) kept.push(next);
    return next;
  };
  expect(grown(100_000, keep)).toBeGreaterThan(flat);
  expect(kept.length).toBe(5100);
});
