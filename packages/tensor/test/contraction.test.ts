import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  einsum,
  matmul,
  maxPool1d,
  maxPool2d,
  outer,
  type Tensor,
  tensor,
  tensordot,
  windows,
  zeros,
} from "../src/index.js";
import { build, dyadic, filled, indices, scattered, sizeOf, values } from "./support/arbitrary.js";
import { expectNear, expectSame } from "./support/expect.js";

/** Sums of products from the definition: every combination of all labels is visited. */
function naiveEinsum(equation: string, operands: readonly Tensor[]): Tensor {
  const [left, output] = equation.split("->");
  const terms = left.split(",");
  const sizes = new Map<string, number>();
  terms.forEach((term, k) => {
    [...term].forEach((label, axis) => {
      sizes.set(label, operands[k].shape[axis]);
    });
  });
  const labels = [...output, ...[...sizes.keys()].filter((label) => !output.includes(label))];
  const shape = [...output].map((label) => sizes.get(label)!);
  const out = new Float64Array(sizeOf(shape));
  const at = (index: readonly number[], term: string) => [...term].map((label) => index[labels.indexOf(label)]);
  for (const index of indices(labels.map((label) => sizes.get(label)!))) {
    const position = index.slice(0, output.length).reduce((n, k, axis) => n * shape[axis] + k, 0);
    out[position] += terms.reduce((product, term, k) => product * operands[k].get(...at(index, term)), 1);
  }
  return tensor(out, { shape });
}

const label = fc.constantFrom(..."abcde");
const subset = fc.uniqueArray(label, { maxLength: 4 });

/** Two operands whose labels are shared at random, with any layout; now and then large enough for the product kernel. */
const pairs = fc
  .tuple(
    subset,
    subset,
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 }),
    fc.boolean(),
    fc.boolean(),
  )
  .chain(([p, q, sizes, stridedA, stridedB]) => {
    const size = (labels: string[]) => labels.map((l) => sizes["abcde".indexOf(l)]);
    const kept = [...new Set([...p, ...q])];
    return fc
      .tuple(fc.shuffledSubarray(kept), values(sizeOf(size(p))), values(sizeOf(size(q))))
      .map(([output, a, b]) => ({
        equation: `${p.join("")},${q.join("")}->${output.join("")}`,
        operands: [
          stridedA ? scattered(filled(size(p), a)) : filled(size(p), a),
          stridedB ? scattered(filled(size(q), b)) : filled(size(q), b),
        ],
      }));
  });

describe("einsum", () => {
  test("is the sum over all combinations of labels", () =>
    fc.assert(
      fc.property(pairs, ({ equation, operands }) => {
        expectNear(einsum(equation, ...operands), naiveEinsum(equation, operands), 1e-12);
      }),
    ));
  test("reads diagonals, sums unused labels, contracts three operands", () => {
    const a = build([3, 3], ([i, j]) => i * 3 + j);
    expect(einsum("ii", a).item()).toBe(12);
    expectSame(einsum("ii->i", a), filled([3], [0, 4, 8]));
    expectSame(einsum("ij->j", a), filled([3], [9, 12, 15]));
    expectNear(einsum("ij,jk,kl->il", a, a, a), matmul(matmul(a, a), a), 1e-14);
  });
  test("its errors name the label", () => {
    expect(() => einsum("ij,jk->ik", zeros([2, 3]), zeros([4, 2]))).toThrow(
      'einsum: label j of "ij,jk->ik" has sizes 3 and 4',
    );
    expect(() => einsum("ij->k", zeros([2, 3]))).toThrow(
      'einsum: the output of "ij->k" names k, which must stand in an operand and once',
    );
    expect(() => einsum("i,j->ij", zeros([2]))).toThrow('einsum: "i,j->ij" names 2 operands, found 1');
  });
});

const side = fc.integer({ min: 0, max: 40 });

describe("matmul", () => {
  test("is the sum of products at every size, layout and type", () =>
    fc.assert(
      fc.property(
        side,
        side,
        side,
        fc.constantFrom("float32" as const, "float64" as const),
        fc.boolean(),
        (m, k, n, dtype, strided) => {
          const [a, b] = [
            build([m, k], ([i, j]) => ((i * 7 + j * 3) % 11) / 8 - 0.5, dtype),
            build([k, n], ([i, j]) => ((i * 5 + j) % 13) / 8 - 0.75, dtype),
          ];
          const [x, y] = strided ? [scattered(a), scattered(b)] : [a, b];
          const expected = build(
            [m, n],
            ([i, j]) => Array.from({ length: k }, (_, s) => a.get(i, s) * b.get(s, j)).reduce((p, q) => p + q, 0),
            dtype,
          );
          expectNear(matmul(x, y), expected, 1e-6);
          expect(matmul(x, y).dtype).toBe(dtype);
        },
      ),
    ));
  test("treats vectors as rows and columns, and broadcasts batches", () => {
    const a = build([3, 4], ([i, j]) => i + j);
    const v = build([4], ([i]) => i - 1);
    expectSame(matmul(a, v), einsum("ij,j->i", a, v));
    expectSame(
      matmul(
        v,
        build([4, 2], ([i, j]) => i * j),
      ),
      einsum(
        "i,ij->j",
        v,
        build([4, 2], ([i, j]) => i * j),
      ),
    );
    const batch = build([2, 1, 3, 4], ([p, , i, j]) => p + i * j);
    const other = build([5, 4, 2], ([p, i, j]) => p - i + j);
    expectNear(
      matmul(batch, other),
      build([2, 5, 3, 2], ([p, q, i, j]) =>
        [0, 1, 2, 3].reduce((n, k) => n + batch.get(p, 0, i, k) * other.get(q, k, j), 0),
      ),
      1e-14,
    );
  });
  test("reads operands whose rows or columns repeat", () => {
    const row = tensor({
      data: Float64Array.from({ length: 16 }, (_, k) => k + 1),
      shape: [20, 16],
      stride: [0, 1],
      offset: 0,
    });
    const left = build([4, 20], ([i, j]) => i - j);
    const total = (i: number) => Array.from({ length: 20 }, (_, j) => i - j).reduce((x, y) => x + y);
    expectSame(
      matmul(left, row),
      build([4, 16], ([i, j]) => total(i) * (j + 1)),
    );
    const column = tensor({ data: row.data, shape: [16, 20], stride: [1, 0], offset: 0 });
    expectSame(
      matmul(column, row),
      build([16, 16], ([i, j]) => 20 * (i + 1) * (j + 1)),
    );
  });

  test("keeps whole numbers whole", () => {
    const big = matmul(
      tensor(Int32Array.of(65536, 1), { shape: [1, 2] }),
      tensor(Int32Array.of(65536, 5), { shape: [2, 1] }),
    );
    expect([big.dtype, big.item()]).toEqual(["int32", 5]);
  });
  test("says which shapes do not fit", () => {
    expect(() => matmul(zeros([3, 4]), zeros([5, 2]))).toThrow(
      "matmul: inner sizes differ, [3, 4] and [5, 2]; transpose one of them?",
    );
    expect(() => matmul(zeros([]), zeros([2]))).toThrow(
      "matmul: expected vectors or matrices, found shapes [] and [2]; use mul",
    );
    expect(() => matmul(zeros([2, 1, 1]), zeros([3, 1, 1]))).toThrow("do not broadcast");
  });
});

describe("outer and tensordot", () => {
  test("agree with einsum", () => {
    const [a, b] = [build([2, 3, 4], (i) => i[0] + 2 * i[1] - i[2]), build([4, 3, 5], (i) => i[0] * i[1] - i[2])];
    expectNear(
      tensordot(a, b, [
        [2, 1],
        [0, 1],
      ]),
      einsum("ijk,kjl->il", a, b),
      1e-14,
    );
    expectNear(
      tensordot(
        a,
        build([4, 2], (i) => i[0] - i[1]),
        1,
      ),
      einsum(
        "ijk,kl->ijl",
        a,
        build([4, 2], (i) => i[0] - i[1]),
      ),
      1e-14,
    );
    expectSame(
      outer(tensor([1, 2]), tensor([3, 4])),
      tensor([
        [3, 4],
        [6, 8],
      ]),
    );
  });
});

/** Convolution from its definition. */
function naiveConv2d(
  x: Tensor,
  w: Tensor,
  stride: readonly number[],
  padding: readonly (readonly number[])[],
  dilation: readonly number[],
  groups: number,
): Tensor {
  const [batch, , height, width] = x.shape;
  const [out, own, kh, kw] = w.shape;
  const count = (size: number, k: number, a: number) =>
    Math.floor((size + padding[a][0] + padding[a][1] - (k - 1) * dilation[a] - 1) / stride[a]) + 1;
  return build([batch, out, count(height, kh, 0), count(width, kw, 1)], ([n, o, i, j]) => {
    const group = Math.floor(o / (out / groups));
    let total = 0;
    for (let c = 0; c < own; c++)
      for (let p = 0; p < kh; p++)
        for (let q = 0; q < kw; q++) {
          const row = i * stride[0] + p * dilation[0] - padding[0][0];
          const column = j * stride[1] + q * dilation[1] - padding[1][0];
          if (row >= 0 && row < height && column >= 0 && column < width)
            total += x.get(n, group * own + c, row, column) * w.get(o, c, p, q);
        }
    return total;
  });
}

const small = (max: number, min = 1) => fc.integer({ min, max });
const convolutions = fc
  .record({
    batch: small(3),
    groups: small(2),
    own: small(3),
    each: small(3),
    kernel: fc.tuple(small(3), small(3)),
    more: fc.tuple(small(5, 0), small(5, 0)),
    stride: fc.tuple(small(3), small(3)),
    dilation: fc.tuple(small(2), small(2)),
    padding: fc.tuple(fc.tuple(small(2, 0), small(2, 0)), fc.tuple(small(2, 0), small(2, 0))),
    strided: fc.boolean(),
  })
  .chain((c) => {
    const space = c.kernel.map((k, a) => (k - 1) * c.dilation[a] + 1 + c.more[a]);
    const [x, w] = [
      [c.batch, c.groups * c.own, ...space],
      [c.groups * c.each, c.own, ...c.kernel],
    ];
    return fc
      .tuple(values(sizeOf(x), dyadic), values(sizeOf(w), dyadic))
      .map(([p, q]) => ({ ...c, x: c.strided ? scattered(filled(x, p)) : filled(x, p), w: filled(w, q) }));
  });

describe("convolution", () => {
  test("is the sum over its windows, whatever stride, padding, dilation and groups", () =>
    fc.assert(
      fc.property(convolutions, ({ x, w, stride, padding, dilation, groups }) => {
        expectNear(
          conv2d(x, w, { stride, padding, dilation, groups }),
          naiveConv2d(x, w, stride, padding, dilation, groups),
          1e-12,
        );
      }),
    ));
  test('"same" gives ⌈size / stride⌉ windows', () =>
    fc.assert(
      fc.property(convolutions, ({ x, w, stride, dilation, groups }) => {
        const y = conv2d(x, w, { stride, padding: "same", dilation, groups });
        expect(y.shape.slice(2)).toEqual(x.shape.slice(2).map((size, a) => Math.ceil(size / stride[a])));
      }),
    ));
  test("of one dimension is that of two with one row", () => {
    const [x, w] = [build([2, 3, 9], (i) => i[0] - i[1] + i[2] * i[2]), build([4, 3, 3], (i) => i[0] * i[1] - i[2])];
    const flat = conv1d(x, w, { stride: 2, padding: 1 });
    const tall = naiveConv2d(
      tensor(x.data, { shape: [2, 3, 1, 9] }),
      tensor(w.data, { shape: [4, 3, 1, 3] }),
      [1, 2],
      [
        [0, 0],
        [1, 1],
      ],
      [1, 1],
      1,
    );
    expectNear(flat, tensor(tall.data, { shape: flat.shape }), 1e-12);
  });
  test("says what does not fit", () => {
    expect(() => conv2d(zeros([1, 3, 5, 5]), zeros([4, 2, 3, 3]))).toThrow(
      "conv2d: images [1, 3, 5, 5] and filters [4, 2, 3, 3] do not fit 1 group: expected channels = groups · 2",
    );
    expect(() => conv2d(zeros([1, 1, 2, 5]), zeros([1, 1, 3, 3]))).toThrow(
      "conv2d: filters of [3, 3] with dilation [1, 1] do not fit images of [2, 5] (padding included)",
    );
    expect(() => conv2d(zeros([1, 1, 5]), zeros([1, 1, 3, 3]))).toThrow("conv2d: expected [batch, channels, …2 sizes]");
    expect(() => conv2d(zeros([1, 1, 5, 5]), zeros([1, 1, 3, 3]), { stride: 0 })).toThrow(
      "conv2d: expected stride as a whole number of at least 1",
    );
  });
});

/** Paddings below the size, so that every window holds an entry. */
const pooledSeries = fc
  .record({ batch: small(2), channels: small(3), size: small(4), stride: small(5), more: small(6, 0) })
  .chain((c) =>
    fc
      .tuple(
        values(c.batch * c.channels * (c.size + c.more), dyadic),
        small(c.size - 1, 0),
        small(c.size - 1, 0),
        fc.boolean(),
      )
      .map(([p, before, after, strided]) => {
        const shape = [c.batch, c.channels, c.size + c.more];
        return { ...c, before, after, x: strided ? scattered(filled(shape, p)) : filled(shape, p) };
      }),
  );

describe("windows and pooling", () => {
  test("windows are views of the same memory", () => {
    const x = tensor([1, 2, 3, 4, 5]);
    const seen = windows(x, [3], { stride: 2 });
    expect(seen.toArray()).toEqual([
      [1, 2, 3],
      [3, 4, 5],
    ]);
    x.set(2, 30);
    expect(seen.get(0, 2)).toBe(30);
    expect(windows(tensor([1, 2]), [3]).shape).toEqual([0, 3]);
  });
  test("pooling folds each window, padding left out", () => {
    const x = build([1, 2, 5, 4], ([, c, i, j]) => (c ? -1 : 1) * (i * 4 + j + 1));
    const expected = (fold: (entries: number[]) => number) =>
      build([1, 2, 3, 2], ([n, c, i, j]) => {
        const entries: number[] = [];
        for (let p = 0; p < 2; p++)
          for (let q = 0; q < 2; q++) if (2 * i + p < 5) entries.push(x.get(n, c, 2 * i + p, 2 * j + q));
        return fold(entries);
      });
    expectSame(
      maxPool2d(x, 2, { padding: "same" }),
      expected((v) => Math.max(...v)),
    );
    expectNear(
      avgPool2d(x, 2, { padding: "same" }),
      expected((v) => v.reduce((a, b) => a + b) / v.length),
      1e-15,
    );
    expect(maxPool2d(x, [5, 4]).toArray()).toEqual([[[[20]], [[-1]]]]);
    expect(() => maxPool2d(x, 6)).toThrow("maxPool2d: windows of [6, 6] do not fit images of [5, 4]");
    expect(() => maxPool2d(x, {} as never)).toThrow("maxPool2d: expected size as a whole number");
  });
  test("pooling of series is the fold of what each window holds, whatever size, stride and padding", () =>
    fc.assert(
      fc.property(pooledSeries, ({ x, size, stride, before, after }) => {
        const [, , length] = x.shape;
        const folded = (fold: (entries: number[]) => number) =>
          build([...x.shape.slice(0, 2), Math.floor((length + before + after - size) / stride) + 1], ([n, c, w]) => {
            const places = Array.from({ length: size }, (_, k) => w * stride + k - before);
            return fold(places.filter((i) => i >= 0 && i < length).map((i) => x.get(n, c, i)));
          });
        const options = { stride, padding: [[before, after]] as const };
        expectSame(
          maxPool1d(x, size, options),
          folded((v) => Math.max(...v)),
        );
        expectNear(
          avgPool1d(x, size, options),
          folded((v) => v.reduce((a, b) => a + b) / v.length),
          1e-14,
        );
      }),
    ));
  test("pooling of series says what does not fit", () => {
    expect(() => maxPool1d(zeros([1, 2, 3]), 4)).toThrow("maxPool1d: windows of [4] do not fit series of [3]");
    expect(() => avgPool1d(zeros([2, 3]), 2)).toThrow(
      "avgPool1d: expected series [batch, channels, length], found [2, 3]",
    );
    expect(maxPool1d(zeros([1, 2, 5]), 2, { padding: "same" }).shape).toEqual([1, 2, 3]);
    expect(maxPool1d(zeros([1, 2, 5]), 2).shape).toEqual([1, 2, 2]);
  });
});
