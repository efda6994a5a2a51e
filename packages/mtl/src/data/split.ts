/** Rows of a table by their indices. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}
