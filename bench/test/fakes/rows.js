// Two rows that every fake peer answers in its own way. Shared by the test and by the peers' processes.

const row = (name, size) => ({ name, parameters: { size }, quick: true });

/** The fakes' library is a function that doubles a number, or does not. */
export const doubling = {
  kind: "call",
  name: "doubling",
  about: "twice each number",
  cases: [row("3", 3), row("5", 5)],
  tolerance: () => 1e-6,
  inputs: ({ size }) => ({ a: { data: Float32Array.from({ length: size }, (_, i) => i + 1), shape: [size] } }),
  reference: ({ a }) => [Float64Array.from(a.data, (value) => 2 * value)],
  work: ({ size }) => ({ flops: size }),
  implementations: {
    fake: (double, { a }, { size }) => ({
      run: () => Array.from(a.data, (value) => double(value, size)),
      read: (result) => [result],
    }),
    lacking: (Lacking) => {
      throw new Lacking("knows no doubling");
    },
  },
};
