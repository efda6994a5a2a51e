import { basename } from "node:path";
import {
  describedKinship,
  identityKinship,
  type KinshipBuilder,
  meanKinship,
  methodOf,
  treeKinship,
} from "@kinship/mtl";
import { InputError, inFile } from "../errors.js";
import type { FitOptions } from "../program.js";
import { plural, singular } from "../report/words.js";
import { descriptorKernels, readDescriptors } from "./descriptors.js";
import { readRelation } from "./file.js";
import { ancestry, readParents } from "./tree.js";

export interface ChosenKinship {
  readonly builder: KinshipBuilder;
  /** Those of a file that holds a graph. */
  readonly edges?: readonly (readonly [string, string, number])[];
  /** A clause: "each school is drawn to the average of all schools". */
  readonly description: string;
  /** The parent of each task, where kinship is a tree. */
  readonly groups: ReadonlyMap<string, string> | null;
}

/** The kinship that the command line asks for, over the tasks of the data. */
export async function chooseKinship(
  options: FitOptions,
  tasks: readonly string[],
  signal: AbortSignal,
): Promise<ChosenKinship> {
  const [one, all] = [singular(options.task), plural(options.task)];
  switch (options.kinship) {
    case "mean":
      return { builder: meanKinship(), description: `each ${one} is drawn to the average of all ${all}`, groups: null };
    case "identity":
      return { builder: identityKinship(), description: `no ${one} is tied to another`, groups: null };
    case "tree": {
      const table = await readParents(options.tasks!, options.task, options.parent!, signal);
      const parents = ancestry(table, tasks);
      const description = `each ${one} is drawn to its ${options.parent}, and those to each other`;
      const groups = new Map(tasks.map((task) => [task, parents.get(task) ?? task]));
      return { builder: treeKinship({ parents }), description, groups };
    }
    case "descriptors":
    case "descriptors-rbf": {
      const [path, columns] = [options.tasks!, options.descriptors!];
      const asked = { task: "--task", features: "--descriptors" };
      const wanted = columns.map((name) => ({ name }));
      const { table } = await readDescriptors(path, options.task, wanted, asked, signal);
      const kernel = descriptorKernels[options.kinship];
      const builder = describedKinship({ table, key: options.task, kernel });
      inFile(path, () => builder(tasks));
      const how = options.kinship === "descriptors" ? "weights follow" : "weights are near where they are near in";
      return { builder, description: `the ${plural(options.task)}' ${how} ${columns.join(", ")}`, groups: null };
    }
    default: {
      const { kind, builder, edges } = await readRelation(options.kinship, tasks, signal);
      const name = basename(options.kinship);
      if (edges === undefined && methodOf(options.method).needs?.includes("edges")) {
        throw new InputError(
          `${options.kinship} holds a matrix, and --method ${options.method} needs a graph: three columns, task, task, weight`,
        );
      }
      const description =
        kind === "graph"
          ? `${all} that are joined in ${name} are drawn to each other`
          : `the ties between ${all} are those of ${name}`;
      return { builder, description, groups: null, ...(edges && { edges }) };
    }
  }
}
