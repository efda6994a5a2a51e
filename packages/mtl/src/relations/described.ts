import { describeTasks, descriptorsOf, descriptorWidth } from "../data/descriptors.js";
import type { Descriptors } from "../data/pipeline.js";
import type { Table } from "../data/table.js";
import type { KinShares } from "../linear/kin.js";
import { type DescriptorKernel, descriptorKinship, gaussianKernel, linearKernel } from "./descriptor.js";
import type { KernelDescription, KinDescriptors, KinshipBuilder } from "./kinship.js";

export interface DescribedOptions extends Descriptors {
  /** The column of the table that names the tasks. */
  readonly key: string;
  /** Over descriptors that are standardised and divided by the root of their number; linear unless given. */
  readonly kernel?: KernelDescription;
  /** The part of a task's weights that its descriptors do not tell, > 0; .1 unless given. */
  readonly own?: number;
}

/**
 * `descriptorKinship` by a table with one row a task. Numbers are standardised over the tasks that train and texts
 * one-hot, all divided by the root of their number, so that two tasks are about 1 apart however many columns there are.
 * They are saved with the model: `predict` gives one to a task never seen whose row the table has, or
 * `PredictOptions.descriptors`.
 * @throws InputError when tasks are there, for one that the table does not describe, or describes twice
 */
export function describedKinship({
  key,
  kernel = { name: "linear" },
  own = 0.1,
  ...descriptors
}: DescribedOptions): KinshipBuilder {
  return (tasks) => {
    const described = { key, kernel, own, ...describeTasks(descriptors, key, tasks, "describedKinship") };
    return { ...kinOf(described).kinship(tasks), descriptors: described };
  };
}

/** Shares of the tasks that trained for each of `strangers` that is described: in the model, or by a further table. */
export function kinByDescriptors(
  described: KinDescriptors,
  trained: readonly string[],
  strangers: readonly string[],
  further: Table | undefined,
): KinShares {
  const all = scaled(described, descriptorsOf(described, further && { table: further, task: described.key }));
  const { kinOf: sharesOf } = kinOf(described);
  return new Map(
    strangers.flatMap((task) => {
      const descriptor = all.get(task);
      return descriptor === undefined ? [] : [[task, sharesOf(descriptor, trained)] as const];
    }),
  );
}

const kinOf = (described: KinDescriptors) =>
  descriptorKinship({
    descriptors: scaled(described, descriptorsOf(described)),
    kernel: kernelOf(described.kernel),
    own: described.own,
  });

function scaled(described: KinDescriptors, descriptors: ReadonlyMap<string, ArrayLike<number>>) {
  const root = Math.sqrt(Math.max(1, descriptorWidth(described)));
  return new Map([...descriptors].map(([task, values]) => [task, Array.from(values, (value) => value / root)]));
}

const kernelOf = (kernel: KernelDescription): DescriptorKernel =>
  kernel.name === "linear" ? linearKernel : gaussianKernel(kernel.width);
