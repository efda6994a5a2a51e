export {
  type CrossValidateInWorkersOptions,
  createWorkers,
  crossValidateInWorkers,
  type Workers,
  type WorkersOptions,
} from "./workers.js";
