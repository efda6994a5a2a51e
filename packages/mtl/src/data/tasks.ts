/** Whatever has ndarray's fields; a Tensor of @kinship/tensor is one. */
export interface StridedArray {
  readonly data: ArrayLike<number>;
  readonly shape: ArrayLike<number>;
  readonly stride: ArrayLike<number>;
  readonly offset: number;
}

export type MatrixLike = StridedArray | readonly ArrayLike<number>[];
export type VectorLike = StridedArray | ArrayLike<number>;

/** A regression task: inputs x of shape [n, d] and targets y of shape [n]. Tasks share d, not n. */
export interface Task {
  readonly name: string;
  readonly x: MatrixLike;
  readonly y: VectorLike;
  /** α in the objective, the weight of this task's squared errors; 1 unless given. */
  readonly weight?: number;
}
