export { type Expression, Local, type Operand, type Statement, type ValueType } from "./expression.js";
export {
  branch,
  branchTable,
  call,
  copyMemory,
  type FunctionBuilder,
  type FunctionHandle,
  type Label,
} from "./function.js";
export { interleave } from "./interleave.js";
export { type FunctionSignature, type MemoryLimits, ModuleBuilder } from "./module.js";
export { f32, f64, i32, i64, select } from "./scalars.js";
export { type FloatLanes, f32x4, f64x2, i32x4, i64x2, shuffle32, shuffle64, shuffleBytes, v128 } from "./vectors.js";
