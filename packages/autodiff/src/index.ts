export { directionalDerivative, jvp } from "./forward.js";
export { grad, valueAndGrad } from "./gradient.js";
export { type Pullback, vjp } from "./reverse.js";
export { hvp } from "./second.js";
