export { positiveDefinite, seeds, wellConditioned } from "./matrices.js";
export { broadcastablePairs, type ShapeOptions, shapes } from "./shapes.js";
export { awayFromKinks, distinct, type KinkOptions, type TensorOptions, tensors, views } from "./tensors.js";
