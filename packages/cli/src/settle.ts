import { InputError, linearMethods, type Method, type MethodName, methodOf } from "@kinship/mtl";
import type { Command } from "commander";
import type { FitOptions } from "./program.js";
import { descriptorKernels, isDescriptorKinship } from "./relations/descriptors.js";

const isFile = (kinship: string): boolean => /\.(csv|tsv|txt)$/i.test(kinship);

/** Options that make sense only together. */
export function settle(options: FitOptions, command: Command): FitOptions {
  const given = (option: string): boolean => command.getOptionValueSource(option) !== "default";
  const kinship = !given("kinship") && options.parent !== undefined ? "tree" : options.kinship;
  const method = kinship === "learned" && !given("method") ? "learned" : options.method;
  const usage = (message: string): never => command.error(`error: ${message}`);
  if (kinship === "tree" && options.parent === undefined) usage("--kinship tree needs --parent (and --tasks)");
  if (options.parent !== undefined && options.tasks === undefined) {
    usage("--parent names a column of --tasks, which is missing");
  }
  if (options.descriptors !== undefined && options.tasks === undefined) {
    usage("--descriptors names columns of --tasks, which is missing");
  }
  if (options.tasks !== undefined && options.parent === undefined && options.descriptors === undefined) {
    usage("--tasks is read for parents or descriptors of the tasks: name their column with --parent, or --descriptors");
  }
  if (options.interactions && options.descriptors === undefined) {
    usage("--interactions are with what describes the tasks: name columns of --tasks with --descriptors");
  }
  const byDescriptors = isDescriptorKinship(kinship);
  if (byDescriptors && options.descriptors === undefined) {
    usage(`--kinship ${kinship} needs --descriptors (and --tasks)`);
  }
  if (options.descriptors !== undefined && !options.interactions && !byDescriptors) {
    usage("--descriptors are used for --interactions, or --kinship descriptors: give either");
  }
  if (options.parent !== undefined && kinship !== "tree") usage(`--parent goes with --kinship tree, not ${kinship}`);
  if (!["mean", "learned", "tree", "identity"].includes(kinship) && !byDescriptors && !isFile(kinship)) {
    usage(
      `--kinship is mean, learned, tree, identity, ${Object.keys(descriptorKernels).join(", ")} or a CSV file, ` +
        `not "${kinship}"`,
    );
  }
  const { tied = false, needs = [] } = findMethod(method, usage);
  if (method === "single-task" || method === "pooled") {
    usage(`--method ${method} is a baseline, which is fitted in any case; choose another, or leave it out`);
  }
  if (options.compare !== undefined && given("method")) usage("--compare all fits every method: leave --method out");
  if (kinship === "learned" && method !== "learned") usage(`--kinship learned is a method of its own, not ${method}`);
  const asked = (given("kinship") || options.parent !== undefined) && options.compare === undefined;
  if (asked && !tied && !needs.includes("edges")) {
    usage(`--kinship goes with the methods ${tiedMethods().join(", ")}, not ${method}`);
  }
  if (needs.includes("edges") && !isFile(kinship)) usage(`--method ${method} needs --kinship FILE, a graph of tasks`);
  if (method === "learned" && options.loss !== "squared" && options.compare === undefined) {
    usage(`relations are learned under squared errors only, not --loss ${options.loss}`);
  }
  if (options.task === options.target) usage(`--task and --target are the same column, "${options.task}"`);
  for (const name of [options.task, options.target]) {
    if (options.features?.includes(name)) usage(`--features holds "${name}", which is the task or the target`);
  }
  return { ...options, kinship: kinship === "learned" ? "mean" : kinship, method };
}

function findMethod(name: MethodName, usage: (message: string) => never): Method {
  try {
    return methodOf(name);
  } catch (error) {
    if (error instanceof InputError) return usage(`--${error.message}`);
    throw error;
  }
}

/** Methods that ask how tasks are tied. */
const tiedMethods = (): string[] =>
  Object.entries<Method>(linearMethods)
    .filter(([, { tied, needs }]) => tied || needs?.includes("edges"))
    .map(([name]) => name);
