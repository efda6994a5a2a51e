import { scalar, tensor } from "../create.js";
import { apply } from "../interpreter.js";
import { sameShape, show } from "../layout.js";
import { slice } from "../primitives/slice.js";
import { reshape } from "../primitives/view.js";
import { Tensor } from "../tensor.js";
import { keysPrimitive } from "./bits.js";

// Randomness is explicit: the same key gives the same numbers, on every machine and in every back end.
// A key is used once; `splitKey` makes more.

/** The two words of a key. @throws TypeError for anything but an int32 tensor of shape [2]. */
export function wordsOf(name: string, key: Tensor): readonly [Tensor, Tensor] {
  if (!(key instanceof Tensor) || key.dtype !== "int32" || !sameShape(key.shape, [2]))
    throw new TypeError(
      `${name}: expected a key, found ${key instanceof Tensor ? `${key.dtype} of shape ${show(key.shape)}` : typeof key}; make one with randomKey(seed) or splitKey(key)`,
    );
  return [slice(key, [0]), slice(key, [1])];
}

const derive = (name: string, key: Tensor, count: number, first: number, use: number): Tensor =>
  apply(keysPrimitive, [...wordsOf(name, key), scalar(first, "int32"), scalar(use, "int32")], { shape: [count, 2] });

/**
 * A key for random numbers from a whole number: int32, shape [2].
 * @throws RangeError for a seed that is not a whole number from 0 to 2⁵³ − 1.
 * @example randomKey(42)
 */
export function randomKey(seed: number): Tensor {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`randomKey: expected a whole number from 0 to 2^53 - 1, found ${seed}`);
  return tensor(Int32Array.of(Math.floor(seed / 2 ** 32), seed | 0));
}

/** Independent keys made from one, which is not to be used again. @example splitKey(randomKey(1), 3) */
export function splitKey(key: Tensor, count = 2): Tensor[] {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`splitKey: expected a number of keys of at least 0, found ${count}`);
  const keys = derive("splitKey", key, count, 0, 1);
  return Array.from({ length: count }, (_, k) => slice(keys, [k]));
}

/** A key made from a key and a whole number of 32 bits, such as the number of a step. @example foldIn(randomKey(1), 7) */
export function foldIn(key: Tensor, data: number): Tensor {
  if (!Number.isInteger(data)) throw new RangeError(`foldIn: expected a whole number, found ${data}`);
  return reshape(derive("foldIn", key, 1, data, 2), [2]);
}
