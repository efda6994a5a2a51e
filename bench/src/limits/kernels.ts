import {
  type Bytes,
  float32x4,
  float64x2,
  get,
  I32,
  i32,
  i32Add,
  i32LessThan,
  instantiate,
  type Kernel,
  load,
  loopWhile,
  set,
  store,
  tee,
  V128,
} from "./assembler.js";

/** Enough independent chains to hide the latency of a multiply and an add (4 + 4 cycles) on two ports. */
export const CHAINS = 12;
const VECTOR_BYTES = 16;
const PAGE_BYTES = 65536;

/** Counts `counter` up to the parameter `end` around the body. */
const countTo = (counter: number, end: number, stride: number, body: Bytes): Bytes =>
  loopWhile(body, [...get(counter), ...i32(stride), ...i32Add, ...tee(counter), ...get(end), ...i32LessThan]);

/**
 * `run(rounds)`: x ← x·m + c on twelve vectors at once, every round.
 * m, c and the vectors are read from memory, so that the engine knows none of them; the vectors are written back.
 */
export function multiplyAdd(dtype: "float32" | "float64", fused: boolean): Kernel | undefined {
  const { mul, add, relaxedMultiplyAdd } = dtype === "float32" ? float32x4 : float64x2;
  const [rounds, counter, factor, term, first] = [0, 1, 2, 3, 4];
  const chains = Array.from({ length: CHAINS }, (_, i) => ({ local: first + i, offset: (2 + i) * VECTOR_BYTES }));
  const step = (local: number): Bytes =>
    fused
      ? [...get(local), ...get(factor), ...get(term), ...relaxedMultiplyAdd, ...set(local)]
      : [...get(local), ...get(factor), ...mul, ...get(term), ...add, ...set(local)];
  const code = [
    ...[...i32(0), ...load(0), ...set(factor), ...i32(0), ...load(VECTOR_BYTES), ...set(term)],
    ...chains.flatMap(({ local, offset }) => [...i32(0), ...load(offset), ...set(local)]),
    ...countTo(
      counter,
      rounds,
      1,
      chains.flatMap(({ local }) => step(local)),
    ),
    ...chains.flatMap(({ local, offset }) => [...i32(0), ...get(local), ...store(offset)]),
  ];
  const locals = [
    { count: 1, type: I32 },
    { count: 2 + CHAINS, type: V128 },
  ];
  return instantiate({ parameters: [I32], locals, code }, 1);
}

/** Vectors a round: the loop's own counting must not be the limit. */
const UNROLL = 4;

/** `run(from, to, end)`: copies [from, end) to `to`, end and from in bytes. */
export function copy(bytes: number): Kernel | undefined {
  const [from, to, end] = [0, 1, 2];
  const body = Array.from({ length: UNROLL }, (_, i) => [
    ...[...get(to), ...get(from), ...load(i * VECTOR_BYTES), ...store(i * VECTOR_BYTES)],
  ]).flat();
  const stride = UNROLL * VECTOR_BYTES;
  const code = countTo(from, end, stride, [...body, ...advance(to, stride)]);
  return instantiate({ parameters: [I32, I32, I32], locals: [], code }, Math.ceil(bytes / PAGE_BYTES));
}

const advance = (pointer: number, stride: number): Bytes => [
  ...get(pointer),
  ...i32(stride),
  ...i32Add,
  ...set(pointer),
];

/** `run(a, b, c, end)`: a ← b + s·c over float32 vectors, s read from a's first vector; `b` runs to `end`. */
export function triad(bytes: number): Kernel | undefined {
  const [a, b, c, end, scale] = [0, 1, 2, 3, 4];
  const body = Array.from({ length: UNROLL }, (_, i) => {
    const offset = i * VECTOR_BYTES;
    return [
      ...[...get(a), ...get(c), ...load(offset), ...get(scale), ...float32x4.mul],
      ...[...get(b), ...load(offset), ...float32x4.add, ...store(offset)],
    ];
  }).flat();
  const stride = UNROLL * VECTOR_BYTES;
  const code = [
    ...[...get(a), ...load(0), ...set(scale)],
    ...countTo(b, end, stride, [...body, ...advance(a, stride), ...advance(c, stride)]),
  ];
  const locals = [{ count: 1, type: V128 }];
  return instantiate({ parameters: [I32, I32, I32, I32], locals, code }, Math.ceil(bytes / PAGE_BYTES));
}
