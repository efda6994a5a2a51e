import * as s from "../scalar/instructions.js";
import { type Operand, operation, type Scalar } from "../scalar/scalar.js";

// Threefry-2×32 with 20 rounds: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011. A function from a key and a counter to 64 random bits: no state, so any element can be computed
// alone, on any machine, with the same result.

/** Rotation constants of the eight rounds that repeat (table 2 of the paper, N = 2, W = 32). */
const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** The key schedule's parity, C240 of the Skein hash cut to 32 bits. */
const parity = 0x1bd11bda;

const rounds = 20;

const add = (a: Operand, b: Operand): Scalar => operation(s.add, a, b);
const xor = (a: Operand, b: Operand): Scalar => operation(s.bitXor, a, b);
const rotate = (x: Scalar, by: number): Scalar =>
  operation(s.bitOr, operation(s.shiftLeft, x, by), operation(s.shiftRight, x, 32 - by));

/** Both words of 32 random bits for a key of two words and a counter of two words. */
export function threefry(
  key: readonly [Scalar, Scalar],
  counter: readonly [Operand, Operand],
): readonly [Scalar, Scalar] {
  const schedule = [key[0], key[1], xor(xor(key[0], key[1]), parity)];
  let x0 = add(counter[0], schedule[0]);
  let x1 = add(counter[1], schedule[1]);
  for (let round = 0; round < rounds; round++) {
    x0 = add(x0, x1);
    x1 = xor(rotate(x1, rotations[round % 8]), x0);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = add(x0, schedule[injection % 3]);
      x1 = add(add(x1, schedule[(injection + 1) % 3]), injection);
    }
  }
  return [x0, x1];
}
