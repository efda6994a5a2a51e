import { leaves, mapLeaves, type Structure, type Tensor, tensor } from "@kinship/tensor";
import type { ObjectiveParameters } from "../objective/objective.js";
import type { OptimizerState } from "../optimizers/optimizer.js";

/** All that a step changes, as tensors: what is saved, and what resumes to the same bits. */
export type TrainingState = Moving & { readonly balance: Structure };

/** The state without the balancer's, which is no part of what is compiled. */
export type Moving = {
  readonly parameters: ObjectiveParameters;
  /** Of layers: batch norm's running statistics. */
  readonly layers: Structure;
  readonly optimizer: OptimizerState<ObjectiveParameters>;
  readonly penalties: readonly Structure[];
  /** The next step's randomness. */
  readonly key: Tensor;
};

/** The same state twice: from step to step it goes as a list, which costs a compiled function less than records do. */
export interface Carried {
  /** Every tensor but the balancer's. */
  readonly list: readonly Tensor[];
  readonly balance: Structure;
  /** As records, made when asked for. */
  readonly records: TrainingState;
}

/** Lists of the tensors of states that have the structure of this one. */
export interface Carrier {
  list(state: Moving): Tensor[];
  records(list: readonly Tensor[]): Moving;
  ofList(list: readonly Tensor[], balance: Structure): Carried;
  ofRecords(state: TrainingState): Carried;
}

export function createCarrier({ balance: _, ...like }: TrainingState): Carrier {
  const list = ({ parameters, layers, optimizer, penalties, key }: Moving) =>
    leaves("train", { parameters, layers, optimizer, penalties, key });
  const { parameters, layers, optimizer, penalties, key } = like;
  const ordered: Moving = { parameters, layers, optimizer, penalties, key };
  const records = (list: readonly Tensor[]): Moving => {
    let next = 0;
    return mapLeaves("train", ordered, () => list[next++]!);
  };
  return {
    list,
    records,
    ofList: (list, balance) => new Listed(list, balance, records),
    ofRecords: (state) => ({ list: list(state), balance: state.balance, records: state }),
  };
}

/** A class: an object with a getter of its own, made at every step, costs the garbage collector 7 µs (Node.js 20). */
class Listed implements Carried {
  readonly list: readonly Tensor[];
  readonly balance: Structure;
  readonly #recordsOf: Carrier["records"];
  #made: TrainingState | undefined;

  constructor(list: readonly Tensor[], balance: Structure, recordsOf: Carrier["records"]) {
    this.list = list;
    this.balance = balance;
    this.#recordsOf = recordsOf;
  }

  get records(): TrainingState {
    this.#made ??= { ...this.#recordsOf(this.list), balance: this.balance };
    return this.#made;
  }
}

/** In memory of its own. */
export const copyOf = (x: Tensor): Tensor => tensor(x.toTypedArray(), { shape: x.shape });
