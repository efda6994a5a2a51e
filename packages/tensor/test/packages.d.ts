/** ndarray and its libraries, as far as they are used here: they come without declarations. */

declare module "ndarray" {
  type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;
  /** What its libraries read: plain fields, which our tensors state too. */
  export interface Strided {
    readonly data: Numbers;
    readonly shape: readonly number[];
    readonly stride: readonly number[];
    readonly offset: number;
  }
  interface NdArray extends Strided {
    readonly order: readonly number[];
    get(...indices: number[]): number;
    set(...indicesAndValue: number[]): number;
    lo(...indices: number[]): NdArray;
    step(...steps: number[]): NdArray;
    transpose(...axes: number[]): NdArray;
  }
  export default function ndarray(data: Numbers | number[], shape?: readonly number[]): NdArray;
}

declare module "ndarray-gemm" {
  type Strided = import("ndarray").Strided;
  export default function gemm(out: Strided, a: Strided, b: Strided): void;
}

declare module "ndarray-ops" {
  type Strided = import("ndarray").Strided;
  const ops: {
    add(out: Strided, a: Strided, b: Strided): void;
    addseq(out: Strided, scalar: number): void;
    sum(a: Strided): number;
  };
  export default ops;
}
