import { tanhChain } from "./chain.js";
import { convolution } from "./convolution.js";
import type { Kernel } from "./kernel.js";
import { mlpStep } from "./mlp.js";
import { product } from "./product.js";
import { softmax } from "./softmax.js";
import { sum } from "./sum.js";

export const kernels: readonly Kernel[] = [product, tanhChain, softmax, sum, mlpStep, convolution];
