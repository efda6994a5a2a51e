import {
  abs,
  add,
  argmax,
  avgPool1d,
  avgPool2d,
  broadcastTo,
  cast,
  ceil,
  concat,
  conv2d,
  cos,
  cumsum,
  div,
  einsum,
  equal,
  erf,
  exp,
  expandDims,
  flip,
  floor,
  gelu,
  greater,
  isFloating,
  less,
  log,
  logicalNot,
  logSumExp,
  matmul,
  matrixTranspose,
  max,
  maximum,
  maxPool1d,
  maxPool2d,
  mean,
  min,
  minimum,
  mul,
  neg,
  notEqual,
  pad,
  permute,
  reshape,
  round,
  scatterAdd,
  sigmoid,
  sign,
  sin,
  slice,
  softmax,
  softplus,
  sort,
  sqrt,
  square,
  stack,
  sub,
  sum,
  take,
  tanh,
  tile,
  where,
} from "@kinship/tensor";
import {
  binary,
  compares,
  dtypes,
  finer,
  fits,
  isExact,
  jumps,
  type Make,
  made,
  mostElements,
  moves,
  pair,
  precision,
  product,
  reduces,
  rotated,
  same,
  smooth,
  someAxes,
  unaryExact,
} from "./known.js";

/** Everything that random programs are made of. An operation that does not suit its operand is left out. */
export const operations: readonly Make[] = [
  unaryExact(neg, same, same),
  unaryExact(abs, same, same),
  unaryExact(
    square,
    (b) => b * b,
    (u) => u * u,
  ),
  jumps(floor, (b) => b + 1),
  jumps(ceil, (b) => b + 1),
  jumps(round, (b) => b + 1),
  jumps(sign, () => 1),
  jumps(logicalNot, () => 1),
  smooth(
    tanh,
    () => 1,
    () => 1,
  ),
  smooth(
    sigmoid,
    () => 1,
    () => 1,
  ),
  smooth(
    sin,
    () => 1,
    () => 1,
    1000,
  ),
  smooth(
    cos,
    () => 1,
    () => 1,
    1000,
  ),
  smooth(
    erf,
    () => 1,
    () => 1.2,
  ),
  smooth(exp, Math.exp, Math.exp, 6),
  smooth(
    softplus,
    (b) => b + 1,
    () => 1,
  ),
  smooth(gelu, same, () => 1.2),
  smooth(
    (x) => sqrt(add(abs(x), 1)),
    (b) => Math.sqrt(b + 1),
    () => 1,
  ),
  smooth(
    (x) => log(add(abs(x), 1)),
    (b) => Math.log(b + 1) + 1,
    () => 1,
  ),
  binary(
    add,
    (a, b) => a + b,
    finer,
    (a, b) => a.error + b.error,
  ),
  binary(
    sub,
    (a, b) => a + b,
    finer,
    (a, b) => a.error + b.error,
  ),
  binary(
    mul,
    (a, b) => a * b,
    (a, b) => a * b,
    (a, b) => a.error * b.bound + b.error * a.bound,
  ),
  binary(maximum, Math.max, finer, (a, b) => a.error + b.error),
  binary(minimum, Math.max, finer, (a, b) => a.error + b.error),
  (operand, choose, all) => {
    const [a, b] = pair(operand, all, choose);
    const below = add(square(tanh(b.x)), 1);
    return made(div(a.x, below), a.bound, 0, a.error + a.bound * (b.error + 4 * precision(below.dtype)));
  },
  compares(equal),
  compares(notEqual),
  compares(less),
  compares(greater),
  (operand, choose, all) => {
    const [a, b] = pair(operand, all, choose);
    const test = operand(1);
    const condition = isExact(test) && fits(test.x.shape, a.x.shape) && fits(test.x.shape, b.x.shape) ? test : a;
    if (!isExact(condition)) return undefined;
    const x = where(greater(condition.x, choose.next(3) - 1), a.x, b.x);
    if (x.size > mostElements) return undefined;
    return made(x, Math.max(a.bound, b.bound), finer(a.unit, b.unit), Math.max(a.error, b.error));
  },
  (operand, choose) => {
    const a = operand(0);
    const dtype = dtypes[choose.next(4)];
    if (isFloating(dtype)) return made(cast(a.x, dtype), a.bound, a.unit, a.error);
    return isExact(a) ? made(cast(a.x, dtype), a.bound, 1, 0) : undefined;
  },
  reduces(sum, (b, n) => b * n, same, false),
  reduces(sum, (b, n) => b * n, same, false),
  reduces(max, same, same, true),
  reduces(min, same, same, true),
  reduces(mean, same, () => 0, true),
  reduces(
    logSumExp,
    (b, n) => b + Math.log(n) + 1,
    () => 0,
    true,
  ),
  moves((x) => reshape(x, [x.size])),
  moves((x, choose) => {
    const factor = [2, 3, 4, 5, 7].find((d) => x.size > 0 && x.size % d === 0);
    return factor ? reshape(x, choose.flag() ? [factor, x.size / factor] : [x.size / factor, factor]) : undefined;
  }),
  moves((x, choose) => permute(x, rotated([...x.shape.keys()], 1 + choose.next(3)))),
  moves((x) => (x.dimension >= 2 ? matrixTranspose(x) : undefined)),
  moves((x, choose) =>
    slice(
      x,
      x.shape.map((size) => {
        const step = [1, 2, -1, -2, 3][choose.next(5)];
        const cut = choose.next(size + 1);
        return choose.flag() ? [null, null, step] : step > 0 ? [cut, null, step] : [null, cut, step];
      }),
    ),
  ),
  moves((x) => (x.dimension > 0 && x.shape[0] > 0 ? slice(x, [x.shape[0] - 1]) : undefined)),
  moves((x, choose) => (x.dimension > 0 ? flip(x, someAxes(x, choose)) : undefined)),
  moves((x, choose) => (x.dimension < 4 ? expandDims(x, choose.next(x.dimension + 1)) : undefined)),
  moves((x, choose) => {
    const size = 2 + choose.next(3);
    return x.size * size <= mostElements && x.dimension < 4 ? broadcastTo(x, [size, ...x.shape]) : undefined;
  }),
  moves((x, choose) =>
    x.size < 500 && x.dimension > 0
      ? tile(
          x,
          x.shape.map(() => 1 + choose.next(2)),
        )
      : undefined,
  ),
  moves((x, choose) => {
    const widths = x.shape.map(() => [choose.next(3), choose.next(3)] as const);
    return x.size < 500 && x.dimension > 0 ? pad(x, widths, choose.next(3)) : undefined;
  }),
  (operand, choose, all) => {
    const a = operand(0);
    if (a.x.dimension === 0 || a.x.size > mostElements / 2) return undefined;
    const axis = choose.next(a.x.dimension);
    const from = choose.next(all.length);
    const b = rotated(all, from).find(
      ({ x }) => x.dimension === a.x.dimension && x.shape.every((d, k) => k === axis || d === a.x.shape[k]),
    )!;
    if (a.x.size + b.x.size > mostElements) return undefined;
    const x = choose.flag() ? concat([a.x, b.x], axis) : concat([b.x, a.x], axis);
    return made(x, Math.max(a.bound, b.bound), finer(a.unit, b.unit), Math.max(a.error, b.error));
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension >= 4 || a.x.size > mostElements / 2) return undefined;
    return { ...a, x: stack([a.x, neg(a.x)], choose.next(a.x.dimension + 1)) };
  },
  (operand, choose, all) => {
    const a = operand(0);
    if (a.x.dimension < 1) return undefined;
    const k = a.x.shape[a.x.dimension - 1];
    const b = rotated(all, choose.next(all.length)).find(
      ({ x }) => x.dimension === 2 && (x.shape[0] === k || x.shape[1] === k),
    );
    if (!b) return undefined;
    const right = b.x.shape[0] === k ? b.x : matrixTranspose(b.x);
    if ((a.x.size / Math.max(k, 1)) * right.shape[1] > mostElements) return undefined;
    return product(matmul(a.x, right), k, a, b);
  },
  (operand) => {
    const a = operand(0);
    if (a.x.dimension !== 2 || a.x.shape[1] ** 2 > mostElements) return undefined;
    return product(matmul(matrixTranspose(a.x), a.x), a.x.shape[0], a, a);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension !== 3) return undefined;
    const subscripts = ["ijk,ijk->ij", "ijk,ijk->k", "ijk,ijk->kj", "ijk,ijk->"][choose.next(4)];
    return product(einsum(subscripts, a.x, a.x), a.x.size, a, a);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0 || a.x.shape.includes(0)) return undefined;
    const axis = choose.next(a.x.dimension);
    return made(softmax(a.x, { axis }), 1, 0, 2 * a.error + a.x.shape[axis] * precision(a.x.dtype));
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.size < 18 || a.x.size % 9 !== 0 || a.x.size > 900 || !isFloating(a.x.dtype)) return undefined;
    const side = a.x.size % 36 === 0 ? 6 : 3;
    const images = reshape(a.x, [a.x.size / side / side, 1, side, side]);
    const filters = reshape(slice(reshape(a.x, [a.x.size]), [[0, 18]]), [2, 1, 3, 3]);
    const padding = choose.flag() ? "same" : "valid";
    return product(conv2d(images, filters, { padding, stride: 1 + choose.next(2) }), 9, a, a);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.size === 0 || a.x.size % 16 !== 0 || !isFloating(a.x.dtype)) return undefined;
    const images = reshape(a.x, [1, a.x.size / 16, 4, 4]);
    const stride = 1 + choose.next(2);
    if (choose.flag()) return { ...a, x: maxPool2d(images, 2, { stride }) };
    return made(avgPool2d(images, 2, { stride }), a.bound, 0, a.error);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.size === 0 || a.x.size % 6 !== 0 || !isFloating(a.x.dtype)) return undefined;
    const series = reshape(a.x, [a.x.size / 6, 1, 6]);
    const options = { stride: 1 + choose.next(3), padding: choose.flag() ? "same" : "valid" } as const;
    if (choose.flag()) return { ...a, x: maxPool1d(series, 3, options) };
    return made(avgPool1d(series, 3, options), a.bound, 0, a.error);
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0) return undefined;
    const axis = choose.next(a.x.dimension);
    const size = a.x.shape[axis];
    if (size === 0) return undefined;
    const indices = [0, size - 1, choose.next(size), choose.next(size)];
    const x = take(a.x, indices, axis);
    return x.size > mostElements ? undefined : { ...a, x };
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0 || !isFloating(a.x.dtype)) return undefined;
    const rows = a.x.shape[0];
    const size = 1 + choose.next(4);
    const indices = Array.from({ length: rows }, () => choose.next(size));
    const bound = Math.max(rows, 1) * a.bound;
    return made(
      scatterAdd(a.x, indices, size),
      bound,
      a.unit,
      rows * (a.error + bound * precision(a.x.dtype) * (a.unit > 0 ? 0 : 1)),
    );
  },
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0 || a.x.size === 0 || !isExact(a)) return undefined;
    return made(argmax(a.x, { axis: choose.next(a.x.dimension) }), a.x.size, 1, 0);
  },
  moves((x, choose) => (x.dimension > 0 && x.size < 200 ? sort(x, { axis: choose.next(x.dimension) }) : undefined)),
  (operand, choose) => {
    const a = operand(0);
    if (a.x.dimension === 0) return undefined;
    const axis = choose.next(a.x.dimension);
    const n = a.x.shape[axis];
    const x = cumsum(a.x, { axis });
    return made(x, n * a.bound, a.unit, n * (a.error + (a.unit > 0 ? 0 : n * a.bound * precision(x.dtype))));
  },
];
