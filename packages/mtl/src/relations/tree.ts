import { InputError } from "../errors.js";
import { type Edge, type KinshipBuilder, precisionGraph, requireDistinct, requireNonNegative } from "./kinship.js";
import { defaultShrinkage } from "./mean.js";

export interface TreeOptions {
  /** The parent of each task and of each parent, null for a root. Children that are no tasks are latent. */
  readonly parents: ReadonlyMap<string, string | null>;
  /** μ: how strongly roots are pulled to zero. */
  readonly shrinkage?: number;
}

/**
 * Every node is pulled to its parent, Σ ‖w_child − w_parent‖² + μ Σ_roots ‖w_root‖², and nodes that are no tasks
 * are eliminated. Any depth; a task may itself be a parent. The mean kinship is the tree of depth one.
 * @throws InputError for a task without an entry, a parent without an entry, and a cycle.
 */
export function treeKinship({ parents, shrinkage = defaultShrinkage }: TreeOptions): KinshipBuilder {
  requireNonNegative(shrinkage, "treeKinship: shrinkage");
  return (tasks) => {
    requireDistinct(tasks, "treeKinship");
    for (const task of tasks) {
      if (!parents.has(task)) {
        throw new InputError(
          `treeKinship: task "${task}" has no entry in parents; give its parent, or null for a root`,
        );
      }
    }
    const own = new Set(tasks);
    const latent = [...parents.keys()].filter((name) => !own.has(name));
    const names = [...tasks, ...latent];
    const indices = new Map(names.map((name, index) => [name, index]));
    const diagonal = new Float64Array(names.length);
    const edges: Edge[] = [];
    const roots: string[] = [];
    for (const [child, name] of names.entries()) {
      const parent = parents.get(name) ?? null;
      if (parent === null) {
        diagonal[child]! += shrinkage;
        roots.push(name);
        continue;
      }
      const index = indices.get(parent);
      if (index === undefined) {
        throw new InputError(
          `treeKinship: "${name}" has the parent "${parent}", which does not exist; give "${parent}" an entry of its own (null for a root)`,
        );
      }
      diagonal[child]! += 1;
      diagonal[index]! += 1;
      edges.push([child, index, -1]);
    }
    refuseCycles(parents);
    const root = roots.length === 1 ? roots[0]! : null;
    return { kind: "tree", tasks, latent, precision: precisionGraph(diagonal, edges), root };
  };
}

function refuseCycles(parents: ReadonlyMap<string, string | null>): void {
  const safe = new Set<string>();
  for (const start of parents.keys()) {
    const path = new Set<string>();
    let name: string | null | undefined = start;
    while (name !== null && name !== undefined && !safe.has(name)) {
      if (path.has(name)) {
        const cycle = [...path].slice([...path].indexOf(name));
        throw new InputError(`treeKinship: the parents form a cycle, ${[...cycle, name].join(" → ")}; break it`);
      }
      path.add(name);
      name = parents.get(name);
    }
    for (const visited of path) safe.add(visited);
  }
}
