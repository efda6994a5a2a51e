/** The element types, by ndarray's names. Comparisons and logic give `uint8` (0 or 1). */
export type DType = "uint8" | "int32" | "float32" | "float64";

export type TypedArray = Uint8Array | Int32Array | Float32Array | Float64Array;

/** From narrow to wide: a mixed operation gives the wider of its inputs' types. */
export const order: readonly DType[] = ["uint8", "int32", "float32", "float64"];

export const bytesPerElement: Readonly<Record<DType, number>> = { uint8: 1, int32: 4, float32: 4, float64: 8 };

export function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(size);
    case "float64":
      return new Float64Array(size);
    case "int32":
      return new Int32Array(size);
    case "uint8":
      return new Uint8Array(size);
    default:
      throw new TypeError(`dtype: expected one of ${order.join(", ")}, found ${String(dtype)}`);
  }
}

export function dtypeOf(data: unknown): DType | undefined {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint8Array) return "uint8";
  return undefined;
}

export const isFloating = (dtype: DType): dtype is "float32" | "float64" => dtype === "float32" || dtype === "float64";

export const promote = (a: DType, b: DType): DType => (a === b || order.indexOf(a) > order.indexOf(b) ? a : b);

/** The type of results that are not whole numbers: integers become the default, `float32`. */
export const floating = (dtype: DType): DType => (isFloating(dtype) ? dtype : "float32");
