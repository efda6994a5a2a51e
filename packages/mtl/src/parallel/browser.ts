import { InputError } from "../errors.js";
import type { crossValidateInWorkers as inNode, createWorkers as ofNode } from "./workers.js";

/** What bundlers for browsers find in place of the worker threads of Node. */
const refuse = (name: string): never => {
  throw new InputError(
    `${name}: worker threads are Node's; in a browser leave workers out, and use crossValidateLinear`,
  );
};

export const createWorkers: typeof ofNode = () => refuse("createWorkers");
export const crossValidateInWorkers: typeof inNode = async () => refuse("crossValidateInWorkers");
