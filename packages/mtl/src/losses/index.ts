export { huber } from "./huber.js";
export { logistic } from "./logistic.js";
export type { Loss, Parameters } from "./loss.js";
export { multinomial } from "./multinomial.js";
export { poisson } from "./poisson.js";
export { type LossDescription, lossOf } from "./saved.js";
export { squared } from "./squared.js";
