export type { ProductType } from "./element.js";
export {
  type PanelLoader,
  type PanelRequest,
  type ProductOptions,
  productFunction,
  productSlack,
  productWorkspace,
} from "./product.js";
export type { Epilogue } from "./tile.js";
