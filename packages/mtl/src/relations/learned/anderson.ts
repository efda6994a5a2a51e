import { choleskyInPlace, solveCholesky } from "../../algebra/cholesky.js";
import { dot } from "../../algebra/dot.js";

/** Differences this small a share of the largest do not tell directions apart. */
const ridge = 1e-12;

/**
 * Anderson's acceleration of x ← g(x) (Walker & Ni, Anderson acceleration for fixed-point
 * iterations, 2011): the next point is the mix of the last images whose mix of changes g(x) − x is smallest.
 */
export function createAnderson(memory: number) {
  let images: Float64Array[] = [];
  let changes: Float64Array[] = [];

  return {
    /** Told of x and g(x), gives the next x. */
    next(x: Float64Array, image: Float64Array): Float64Array {
      images.push(image);
      changes.push(image.map((value, i) => value - x[i]!));
      if (images.length > memory + 1) {
        images.shift();
        changes.shift();
      }
      const count = images.length - 1;
      const last = changes[count]!;
      if (count === 0) return image;
      const size = last.length;
      const turns = changes.slice(0, count).map((change) => last.map((value, i) => value - change[i]!));
      const normal = new Float64Array(count * count);
      const shares = new Float64Array(count);
      let trace = 0;
      for (let i = 0; i < count; i++) {
        for (let j = 0; j <= i; j++) normal[i * count + j] = dot(turns[i]!, 0, turns[j]!, 0, size);
        trace += normal[i * count + i]!;
        shares[i] = dot(turns[i]!, 0, last, 0, size);
      }
      for (let i = 0; i < count; i++) normal[i * count + i] = normal[i * count + i]! + ridge * trace;
      if (!(trace > 0) || choleskyInPlace(normal, count) >= 0) return image;
      solveCholesky(normal, count, shares);
      const mixed = image.slice();
      for (let k = 0; k < count; k++) {
        const older = images[k]!;
        for (let i = 0; i < size; i++) mixed[i] = mixed[i]! - shares[k]! * (image[i]! - older[i]!);
      }
      return mixed;
    },
    forget(): void {
      images = [];
      changes = [];
    },
  };
}
