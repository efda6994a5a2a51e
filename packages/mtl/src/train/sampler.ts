import { createRandom, shuffle } from "../data/random.js";
import { InputError } from "../errors.js";

export interface SamplerOptions {
  /** Rows of each group. */
  readonly rows: readonly number[];
  /** Rows a step, of all groups together. */
  readonly batchSize: number;
  /**
   * A group's share of each batch is proportional to rows^(1/temperature): 1 is proportional (the default), infinity
   * uniform (Arivazhagan et al., Massively multilingual neural machine translation in the wild, 2019, section 4.2).
   */
  readonly temperature?: number;
  readonly seed: number;
}

export interface Sampler {
  /** Rows drawn from each group every step. */
  readonly counts: readonly number[];
  /** Steps after which as many rows were drawn as there are. */
  readonly stepsInEpoch: number;
  /** The rows of each group at a step: a function of the step alone, so that training resumes anywhere. */
  rowsAt(step: number): Int32Array[];
}

/**
 * Each group is read in shuffled passes, one after another; a batch may reach from one pass into the next, so that all
 * batches have the same size and every row is read equally often.
 */
export function createSampler({ rows, batchSize, temperature = 1, seed }: SamplerOptions): Sampler {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new InputError(`train: batchSize must be a whole number of at least 1, not ${batchSize}`);
  if (!(temperature > 0)) throw new InputError(`train: the temperature must be positive, not ${temperature}`);
  const largest = Math.max(...rows);
  // Relative to the largest, so that no power overflows.
  const shares = rows.map((n) => (n / largest) ** (1 / temperature));
  const total = shares.reduce((a, b) => a + b, 0);
  const counts = rows.map((n, g) => Math.min(n, Math.max(1, Math.round((batchSize * shares[g]!) / total))));
  const drawn = counts.reduce((a, b) => a + b, 0);
  const passes = rows.map(() => new Map<number, Int32Array>());
  const passOf = (group: number, pass: number): Int32Array => {
    const known = passes[group]!.get(pass);
    if (known) return known;
    const order = new Int32Array(rows[group]!);
    for (let row = 0; row < order.length; row++) order[row] = row;
    shuffle(order, createRandom(mix(seed, group, pass)));
    if (passes[group]!.size > 1) passes[group]!.clear();
    passes[group]!.set(pass, order);
    return order;
  };
  return {
    counts,
    stepsInEpoch: Math.ceil(rows.reduce((a, b) => a + b, 0) / drawn),
    rowsAt: (step) =>
      counts.map((count, group) => {
        const all = rows[group]!;
        const partFrom = (place: number, most: number): Int32Array =>
          passOf(group, Math.floor(place / all)).subarray(place % all, (place % all) + most);
        const first = partFrom(step * count, count);
        if (first.length === count) return first;
        const drawn = new Int32Array(count);
        drawn.set(first);
        for (let k = first.length; k < count; ) {
          const part = partFrom(step * count + k, count - k);
          drawn.set(part, k);
          k += part.length;
        }
        return drawn;
      }),
  };
}

/** One 32-bit seed from three numbers (the finaliser of MurmurHash3 between them). */
function mix(...numbers: readonly number[]): number {
  let hash = 0;
  for (const number of numbers) {
    hash = (hash ^ number) | 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash = (hash ^ (hash >>> 16)) + 0x9e3779b9;
  }
  return hash | 0;
}
