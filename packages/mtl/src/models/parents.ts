import { InputError } from "../errors.js";
import type { Named } from "./encoder.js";

/** The tasks with every parent before its children. @throws InputError for an unknown task or a circle. */
export function checkParents(tasks: readonly string[], parents: Named<string>): string[] {
  for (const [child, parent] of Object.entries(parents))
    for (const task of [child, parent])
      if (!tasks.includes(task))
        throw new InputError(`multiTaskModel: parents name "${task}", and the tasks are ${tasks.join(", ")}`);
  const order: string[] = [];
  for (const task of tasks) {
    const line: string[] = [];
    for (let at: string | undefined = task; at !== undefined && !order.includes(at); at = parents[at]) {
      if (line.includes(at))
        throw new InputError(`multiTaskModel: the parents run in a circle, ${[...line, at].join(" → ")}`);
      line.push(at);
    }
    order.push(...line.reverse());
  }
  return order;
}

/** The tasks and all tasks above them. */
export function withAncestors(tasks: readonly string[], parents: Named<string>): string[] {
  const all = new Set<string>();
  for (const task of tasks) for (let at: string | undefined = task; at !== undefined; at = parents[at]) all.add(at);
  return [...all];
}
