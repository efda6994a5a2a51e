import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  adam,
  alignedMtl,
  caGrad,
  type GramianBalancer,
  gramianTensor,
  imtlGradient,
  mgda,
  nashMtl,
  type OptimizerState,
  pcGrad,
  taskGradients,
  upGrad,
} from "@kinship/mtl";
import {
  abs,
  add,
  log,
  maximum,
  mul,
  neg,
  type Structure,
  slice,
  square,
  stack,
  sub,
  type Tensor,
  tanh,
  tensor,
} from "@kinship/tensor";
import { compile } from "@kinship/tensor/compile";

import { drawPaths } from "./support/paths.js";

// Two tasks that share two parameters (B. Liu et al., "Conflict-averse gradient descent for multi-task learning",
// NeurIPS 2021, appendix; A. Navon et al., ICML 2022). Above x₂ = 0 each task has a deep, steep valley of its own: there
// the mean gradient follows whichever is steeper, and gets stuck. Below lies a bowl each, and the front between them.

/** Both losses at x, [2]. */
export function valleys(x: Tensor): [first: Tensor, second: Tensor] {
  const [x1, x2] = [slice(x, [0]), slice(x, [1])];
  const top = maximum(tanh(mul(0.5, x2)), 0);
  const bottom = maximum(tanh(mul(-0.5, x2)), 0);
  const curve = tanh(neg(x2));
  const steep = (inside: Tensor) => add(log(maximum(abs(inside), 5e-6)), 6);
  const bowl = (centre: number) => sub(mul(0.1, add(square(sub(centre, x1)), mul(0.1, square(sub(-8, x2))))), 20);
  const first = steep(sub(mul(0.5, sub(-7, x1)), curve));
  const second = steep(add(mul(0.5, sub(3, x1)), add(curve, 2)));
  return [add(mul(top, first), mul(bottom, bowl(7))), add(mul(top, second), mul(bottom, bowl(-7)))];
}

export const starts: readonly (readonly [number, number])[] = [
  [-8.5, 7.5],
  [-8.5, -5],
  [9, 9],
];

export interface Run {
  readonly name: string;
  readonly start: readonly [number, number];
  /** Where it went: x₁ and x₂ in turn, every `stride` steps, the start and the end included. */
  readonly path: Float64Array;
  readonly end: readonly [number, number];
  readonly losses: readonly [number, number];
}

interface Moving {
  readonly x: Tensor;
  readonly state: OptimizerState<Tensor>;
}

/** A step along the weighted gradients, then both losses and gradients where it leads: one compiled program. */
function makeStep() {
  const optimizer = adam({ learningRate: 1e-3 });
  const look = (x: Tensor) => {
    const { losses, gradients } = taskGradients(valleys)(x);
    const rows = stack(gradients);
    return { losses, rows, gramian: gramianTensor(gradients) };
  };
  const step = ({ x, state }: Moving, rows: Tensor, weights: Tensor) => {
    const direction = add(mul(slice(rows, [0]), slice(weights, [0])), mul(slice(rows, [1]), slice(weights, [1])));
    const updated = optimizer.update<Tensor>(state, direction, x);
    return { moving: { x: updated.parameters, state: updated.state }, ...look(updated.parameters) };
  };
  return { start: optimizer.start<Tensor>, look: compile(look), step: compile(step) };
}

/** Adam at 1e-3 along a method's direction; without a method along the mean gradient. */
export function descend<State extends Structure>(
  balancer: GramianBalancer<State> | undefined,
  start: readonly [number, number],
  steps: number,
  { stride = Math.max(1, Math.floor(steps / 200)), program = makeStep() } = {},
): Run {
  const x = tensor(Float64Array.from(start));
  let moving: Moving = { x, state: program.start(x) };
  let { losses, rows, gramian } = program.look(x);
  let memory = balancer?.start(2);
  let weights = Float64Array.of(0.5, 0.5);
  const path: number[] = [...start];
  for (let count = 1; count <= steps; count++) {
    if (balancer && memory !== undefined) {
      const found = balancer.weigh(memory, { gramian: gramian.data as Float64Array });
      memory = found.state;
      weights = found.weights as Float64Array<ArrayBuffer>;
    }
    ({ moving, losses, rows, gramian } = program.step(moving, rows, tensor(weights)));
    if (count % stride === 0 || count === steps) path.push(moving.x.get(0), moving.x.get(1));
  }
  return {
    name: balancer?.name ?? "mean",
    start,
    path: Float64Array.from(path),
    end: [moving.x.get(0), moving.x.get(1)],
    losses: [losses.get(0), losses.get(1)],
  };
}

export const methods = (): readonly (GramianBalancer | undefined)[] => [
  undefined,
  mgda(),
  pcGrad(),
  caGrad({ radius: 0.5 }),
  nashMtl(),
  imtlGradient(),
  upGrad(),
  alignedMtl(),
];

function main(): void {
  const steps = Number(process.argv[2] ?? (process.env.KINSHIP_QUICK ? 1000 : 100_000));
  const file = process.argv[3];
  console.log(`${steps} steps of Adam at 1e-3`);
  console.log("method        start      end                losses                seconds");
  const runs: Run[] = [];
  for (const method of methods())
    for (const start of starts) {
      const before = performance.now();
      const run = descend(method, start, steps);
      const seconds = (performance.now() - before) / 1000;
      const cells = [run.name.padEnd(14), start.join(", ").padEnd(11)];
      cells.push(
        run.end
          .map((value) => value.toFixed(3))
          .join(", ")
          .padEnd(19),
      );
      cells.push(
        run.losses
          .map((value) => value.toFixed(4))
          .join(", ")
          .padEnd(22),
      );
      console.log(cells.join("") + seconds.toFixed(2));
      runs.push(run);
    }
  if (file === undefined) return;
  writeFileSync(file, drawPaths(runs, valleys));
  console.log(`wrote ${file}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
