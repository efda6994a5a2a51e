import { normalQuantile, tensor } from "@kinship/tensor";
import { studentQuantile } from "../deep/student.js";

/**
 * Student's quantile; from 50 degrees of freedom on by its expansion around the normal one (Abramowitz & Stegun 26.7.5),
 * to five digits and more.
 */
export function intervalQuantile(confidence: number, degreesOfFreedom: number): number {
  if (degreesOfFreedom < 50) return studentQuantile(confidence, degreesOfFreedom);
  const z = normalQuantile(tensor(Float64Array.of((1 + confidence) / 2))).toTypedArray()[0]!;
  const s = z * z;
  const first = (z * (s + 1)) / 4;
  const second = (z * ((5 * s + 16) * s + 3)) / 96;
  const third = (z * (((3 * s + 19) * s + 17) * s - 15)) / 384;
  return z + (first + (second + third / degreesOfFreedom) / degreesOfFreedom) / degreesOfFreedom;
}
