export type { ProductType } from "./element.js";
export { type ProductOptions, productFunction, productSlack, productWorkspace } from "./product.js";
