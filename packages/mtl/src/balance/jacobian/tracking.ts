import type { Structured } from "@kinship/autodiff";
import { add, mapLeaves, matchLeaves, mul, type Structure, zerosLike } from "@kinship/tensor";

/** One structure of zeros a task. */
export const zeroGradients = (name: string, tasks: number, parameters: unknown): Structure[] =>
  Array.from({ length: tasks }, () => mapLeaves(name, parameters, zerosLike) as Structure);

/** (1 − rate)·old + rate·fresh for each task, in the structure of the gradients. */
export function follow<Parameters extends Structured<Parameters>>(
  name: string,
  old: Structure,
  gradients: readonly Parameters[],
  rate: number,
): Parameters[] {
  const pairs = matchLeaves(name, gradients, old);
  let at = 0;
  return gradients.map((gradient) =>
    mapLeaves(name, gradient, (fresh) => add(mul(pairs[at++]![1], 1 - rate), mul(fresh, rate))),
  );
}
