import type { Structure, Tensor } from "@kinship/tensor";
import type { ObjectiveParameters } from "./objective.js";

/** A term of the objective that looks at parameters only. */
export interface Penalty {
  readonly name: string;
  /** What the penalty carries, a learned kinship matrix for one: saved and resumed with the rest. */
  start(parameters: ObjectiveParameters): Structure;
  value(parameters: ObjectiveParameters, state: Structure): Tensor;
  /** After each epoch, in closed form. May read values. */
  refresh?(parameters: ObjectiveParameters, state: Structure): Structure;
}
