/**
 * Packages as far as they are used here, so that the sources compile where they are not installed.
 * Loose on purpose: what a row relies on is checked by verifying its numbers, not by types.
 */

declare module "@tensorflow/tfjs" {
  export interface Tensor {
    readonly shape: number[];
    dataSync(): Float32Array;
    data(): Promise<Float32Array>;
    dispose(): void;
  }
  export interface Variable extends Tensor {
    assign(value: Tensor): void;
  }
  type Axis = number | number[];
  export function setBackend(name: string): Promise<boolean>;
  export function ready(): Promise<void>;
  export function tensor(data: ArrayLike<number>, shape: number[], dtype?: string): Tensor;
  export function scalar(value: number): Tensor;
  export function variable(value: Tensor): Variable;
  export function tidy<T>(body: () => T): T;
  export function keep<T extends Tensor>(tensor: T): T;
  export function dispose(tensors: unknown): void;
  export function matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  export function add(a: Tensor, b: Tensor | number): Tensor;
  export function sub(a: Tensor | number, b: Tensor | number): Tensor;
  export function mul(a: Tensor, b: Tensor | number): Tensor;
  export function div(a: Tensor, b: Tensor | number): Tensor;
  export function square(x: Tensor): Tensor;
  export function sqrt(x: Tensor): Tensor;
  export function abs(x: Tensor): Tensor;
  export function log(x: Tensor): Tensor;
  export function maximum(a: Tensor, b: Tensor | number): Tensor;
  export function tanh(x: Tensor): Tensor;
  export function max(x: Tensor): Tensor;
  export function relu(x: Tensor): Tensor;
  export function softmax(x: Tensor, axis?: number): Tensor;
  export function logSoftmax(x: Tensor, axis?: number): Tensor;
  export function sum(x: Tensor, axis?: Axis, keepDims?: boolean): Tensor;
  export function mean(x: Tensor, axis?: Axis, keepDims?: boolean): Tensor;
  export function reshape(x: Tensor, shape: number[]): Tensor;
  export function transpose(x: Tensor, axes?: number[]): Tensor;
  export function slice(x: Tensor, begin: number[], size: number[]): Tensor;
  export function conv2d(x: Tensor, filter: Tensor, strides: number, padding: "valid" | "same"): Tensor;
  export function maxPool(x: Tensor, size: number, strides: number, padding: "valid" | "same"): Tensor;
  export function grad(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor;
  export function variableGrads(f: () => Tensor): { value: Tensor; grads: Record<string, Tensor> };
  export const train: {
    adam(rate: number, beta1?: number, beta2?: number, epsilon?: number): Optimizer;
  };
  export interface Optimizer {
    minimize(f: () => Tensor, returnCost: true, variables?: Variable[]): Tensor;
    dispose(): void;
  }
}

declare module "@tensorflow/tfjs-backend-wasm" {}

declare module "@tensorflow/tfjs-backend-webgpu" {}

declare module "@jax-js/jax" {
  export interface Array {
    /** Itself, owned once more. */
    readonly ref: Array;
    readonly shape: number[];
    dataSync(): Float32Array;
    blockUntilReady(): Promise<Array>;
    dispose(): void;
    reshape(shape: number[]): Array;
    astype(dtype: string): Array;
    add(other: Array | number): Array;
    sub(other: Array | number): Array;
    mul(other: Array | number): Array;
    div(other: Array | number): Array;
    sum(axis?: number | number[]): Array;
    mean(axis?: number | number[]): Array;
    transpose(axes?: number[]): Array;
    /** A range an axis; an empty one takes all of it. */
    slice(...ranges: ([] | [number, number])[]): Array;
  }
  type Operand = Array | number;
  export type Tree = Array | Tree[] | { [name: string]: Tree };
  export function init(...devices: string[]): Promise<string[]>;
  export function defaultDevice(device: string): string;
  export function jit<A extends readonly unknown[], R>(f: (...inputs: A) => R): (...inputs: A) => R;
  export function grad<A extends readonly unknown[]>(f: (...inputs: A) => Array): (...inputs: A) => A[0];
  export function valueAndGrad<A extends readonly unknown[]>(
    f: (...inputs: A) => Array,
  ): (...inputs: A) => [Array, A[0]];
  export const tree: {
    map<T>(f: (...leaves: Array[]) => Array, ...trees: T[]): T;
    ref<T>(tree: T): T;
    dispose(tree: unknown): void;
  };
  export const lax: {
    conv(x: Array, filter: Array, strides: number[], padding: "VALID" | "SAME"): Array;
    reduceWindow(x: Array, reduce: (window: Array) => Array, size: number[], strides: number[]): Array;
  };
  export const nn: {
    relu(x: Array): Array;
    softmax(x: Array, axis?: number): Array;
    logSoftmax(x: Array, axis?: number): Array;
  };
  export const numpy: {
    readonly float32: string;
    readonly float64: string;
    array(values: unknown, options?: { dtype?: string }): Array;
    zeros(shape: number[]): Array;
    zerosLike(x: Array): Array;
    matmul(a: Array, b: Array): Array;
    einsum(subscripts: string, ...operands: Array[]): Array;
    transpose(x: Array, axes?: number[]): Array;
    add(a: Operand, b: Operand): Array;
    multiply(a: Operand, b: Operand): Array;
    maximum(a: Operand, b: Operand): Array;
    where(condition: Array, a: Operand, b: Operand): Array;
    sum(x: Array, axis?: number | number[]): Array;
    mean(x: Array, axis?: number | number[]): Array;
    max(x: Array, axis?: number | number[]): Array;
    square(x: Array): Array;
    sqrt(x: Array): Array;
    abs(x: Array): Array;
    sign(x: Array): Array;
    log(x: Array): Array;
    tanh(x: Array): Array;
  };
}

declare module "numpy-ts" {
  export interface NDArray {
    readonly shape: readonly number[];
    readonly data: Float32Array | Float64Array;
    readonly T: NDArray;
    copy(): NDArray;
    dispose(): void;
    reshape(...shape: number[]): NDArray;
  }
  type Operand = NDArray | number;
  interface Reduction {
    (x: NDArray): number;
    (x: NDArray, axis: number, keepDims?: boolean): NDArray;
  }
  export function array(values: unknown, dtype?: string): NDArray;
  export function matmul(a: NDArray, b: NDArray): NDArray;
  export function transpose(x: NDArray, axes: number[]): NDArray;
  export function add(a: NDArray, b: Operand): NDArray;
  export function subtract(a: NDArray, b: Operand): NDArray;
  export function multiply(a: NDArray, b: Operand): NDArray;
  export function divide(a: NDArray, b: Operand): NDArray;
  export function maximum(a: NDArray, b: Operand): NDArray;
  export function sqrt(x: NDArray): NDArray;
  export function square(x: NDArray): NDArray;
  export function absolute(x: NDArray): NDArray;
  export function sign(x: NDArray): NDArray;
  export function exp(x: NDArray): NDArray;
  export function tanh(x: NDArray): NDArray;
  export const sum: Reduction;
  export const max: Reduction;
}

declare module "js-pytorch" {
  export interface Tensor {
    data: number[];
    grad: number[];
    backward(): void;
    zero_grad(): void;
    zero_grad_graph(): void;
    sum(dim?: number, keepdims?: boolean): Tensor;
    mean(dim?: number, keepdims?: boolean): Tensor;
    add(other: Tensor | number): Tensor;
    sub(other: Tensor | number): Tensor;
    mul(other: Tensor | number): Tensor;
    div(other: Tensor | number): Tensor;
    matmul(other: Tensor): Tensor;
    transpose(first: number, second: number): Tensor;
    pow(exponent: number): Tensor;
    exp(): Tensor;
  }
  export const torch: {
    tensor(data: unknown, gradient?: boolean): Tensor;
    add(a: Tensor, b: Tensor | number): Tensor;
    mul(a: Tensor, b: Tensor | number): Tensor;
    div(a: Tensor, b: Tensor | number): Tensor;
    exp(x: Tensor): Tensor;
    matmul(a: Tensor, b: Tensor): Tensor;
    transpose(x: Tensor, first: number, second: number): Tensor;
    nn: {
      Linear: new (inputs: number, outputs: number) => { W: Tensor; b: Tensor; forward(x: Tensor): Tensor };
      ReLU: new () => { forward(x: Tensor): Tensor };
      Softmax: new () => { forward(x: Tensor, dim?: number): Tensor };
      MSELoss: new () => { forward(z: Tensor, y: Tensor): Tensor };
    };
    optim: {
      Adam: new (
        parameters: Tensor[],
        rate?: number,
        regularization?: number,
        betas?: number[],
        epsilon?: number,
      ) => { lr: number; eps: number; step(): void; zero_grad(): void };
    };
  };
}

declare module "ml-matrix" {
  export class Matrix {
    static from1DArray(rows: number, columns: number, data: number[]): Matrix;
    static add(a: Matrix, b: Matrix): Matrix;
    static mul(a: Matrix, b: Matrix | number): Matrix;
    readonly rows: number;
    readonly columns: number;
    mmul(other: Matrix): Matrix;
    transpose(): Matrix;
    subMatrix(firstRow: number, lastRow: number, firstColumn: number, lastColumn: number): Matrix;
    add(other: Matrix | number): this;
    sub(other: Matrix | number): this;
    mul(other: Matrix | number): this;
    tanh(): this;
    exp(): this;
    sum(): number;
    sum(by: "row" | "column"): number[];
    max(): number;
    max(by: "row" | "column"): number[];
    min(): number;
    mulColumnVector(vector: number[]): this;
    subColumnVector(vector: number[]): this;
    divColumnVector(vector: number[]): this;
    clone(): Matrix;
    to1DArray(): number[];
  }
}

declare module "ndarray" {
  namespace ndarray {
    interface NdArray {
      readonly data: Float32Array | Float64Array;
      readonly shape: number[];
      transpose(...axes: number[]): NdArray;
      pick(...indices: (number | null)[]): NdArray;
    }
  }
  function ndarray(data: ArrayLike<number>, shape?: number[]): ndarray.NdArray;
  export default ndarray;
}

declare module "ndarray-gemm" {
  type NdArray = import("ndarray").default.NdArray;
  export default function gemm(c: NdArray, a: NdArray, b: NdArray, alpha?: number, beta?: number): void;
}

declare module "ndarray-ops" {
  type NdArray = import("ndarray").default.NdArray;
  const ops: {
    add(out: NdArray, a: NdArray, b: NdArray): void;
    mul(out: NdArray, a: NdArray, b: NdArray): void;
    addeq(out: NdArray, a: NdArray): void;
    muleq(out: NdArray, a: NdArray): void;
    subs(out: NdArray, a: NdArray, scalar: number): void;
    addseq(out: NdArray, scalar: number): void;
    mulseq(out: NdArray, scalar: number): void;
    recipeq(out: NdArray): void;
    divseq(out: NdArray, scalar: number): void;
    expeq(out: NdArray): void;
    sum(a: NdArray): number;
    sup(a: NdArray): number;
  };
  export default ops;
}

declare module "gpu.js" {
  export class Input {
    constructor(data: ArrayLike<number>, size: number[]);
  }
  export type Kernel = (...inputs: (Input | Float32Array | number)[]) => unknown;
  export class GPU {
    constructor(options: { mode: string });
    createKernel(
      source: string,
      options: { output: number[]; constants: Readonly<Record<string, number>>; loopMaxIterations: number },
    ): Kernel;
  }
}

declare module "onnxruntime-node" {
  export class Tensor {
    constructor(type: "float32" | "float64", data: Float32Array | Float64Array, shape: number[]);
    readonly data: Float32Array | Float64Array;
  }
  export interface InferenceSession {
    run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
    release(): Promise<void>;
  }
  export const InferenceSession: {
    create(model: Uint8Array, options?: Record<string, unknown>): Promise<InferenceSession>;
  };
}

declare module "@observablehq/plot" {
  type Options = Readonly<Record<string, unknown>>;
  export interface Mark {
    readonly mark: "one of Plot's";
  }
  export function plot(options: Options): SVGSVGElement;
  export function gridX(data: readonly unknown[], options?: Options): Mark;
  export function ruleX(data: readonly unknown[], options?: Options): Mark;
  export function ruleY(data: readonly unknown[], options?: Options): Mark;
  export function frame(options?: Options): Mark;
  export function barX(data: readonly unknown[], options?: Options): Mark;
  export function dot(data: readonly unknown[], options?: Options): Mark;
  export function line(data: readonly unknown[], options?: Options): Mark;
  export function text(data: readonly unknown[], options?: Options): Mark;
}

declare module "linkedom" {
  export function parseHTML(html: string): { document: Document };
}
