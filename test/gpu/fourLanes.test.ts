import { add, conv2d, matmul, matrixTranspose, max, mul, slice, sum, type Tensor } from "@kinship/tensor";
import { openGpu } from "@kinship/tensor/gpu";
import { allPrimitives } from "@kinship/tensor/primitives";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { named } from "../laws/samples.js";
import { everyDevice } from "./everyDevice.js";
import { checkForward, checkGradient, distance, refused } from "./laws.js";
import { pattern } from "./programs.js";

// The kernels that GPUs are given, four elements a thread, run here as the JavaScript that they are written in: by a
// stand-in for GPU.js that reads nothing but what a GPU defines. What is beyond the end of an array is not a number,
// and no element stands between two others.

vi.mock("gpu.js", () => {
  type Numbers = Float32Array;
  interface Held {
    readonly data: Numbers;
    output: number[];
    componentCount?: number;
  }
  interface Settings {
    readonly output: [number];
    readonly functions: readonly { readonly source: string }[];
  }
  const at = (key: string, length: number): number => {
    const index = Number(key);
    if (!Number.isInteger(index)) throw new Error(`no element stands at ${key}`);
    return index >= 0 && index < length ? index : -1;
  };
  const reading = (length: number, read: (index: number) => unknown, beyond: unknown): unknown =>
    new Proxy(
      {},
      {
        get: (_, key) => {
          const index = at(String(key), length);
          return index < 0 ? beyond : read(index);
        },
      },
    );
  const elements = (data: Numbers): unknown => reading(data.length, (k) => data[k], Number.NaN);
  const texels = (data: Numbers): unknown =>
    reading(data.length / 4, (k) => elements(data.subarray(4 * k, 4 * k + 4)), elements(new Float32Array(4).fill(NaN)));

  /** What GPUs are given in their own language. */
  const native = "const kAnd = (a, b) => a & b, kOr = (a, b) => a | b, kXor = (a, b) => a ^ b;";

  class Standin {
    static readonly isWebGL2Supported = true;
    static readonly isWebGPUAvailable = async () => true;
    readonly isTexture: boolean;

    constructor({ mode }: { mode: string }) {
      this.isTexture = mode === "webgl2";
    }

    createKernel(source: string, settings: Settings) {
      const kernel = this.createKernelMap({}, source, settings);
      const run = async (...args: unknown[]) => (await kernel(...args)).result;
      return Object.assign(run, { kernel: kernel.kernel, destroy: () => {} });
    }

    createKernelMap(functions: Record<string, string>, source: string, settings: Settings) {
      const helpers = [this.isTexture ? native : "", ...settings.functions.map((one) => one.source)].join("\n");
      const names = Object.keys(functions);
      const body = new Function(...names, `${helpers}\nreturn ${source};`) as (
        ...put: unknown[]
      ) => (...args: unknown[]) => number[];
      const [threads] = settings.output;
      const view = (argument: unknown): unknown => {
        if (typeof argument === "number") return argument;
        if (argument instanceof Float32Array) return elements(argument);
        const { data, componentCount = 1 } = argument as Held;
        if (componentCount !== 1) throw new Error("arrays of rows of four cannot be arguments");
        return this.isTexture ? texels(data) : elements(data);
      };
      const held = (data: Numbers): Held => {
        const shared = { data, output: [threads], delete: () => {} };
        if (this.isTexture) return Object.assign(shared, { renderRawOutput: () => data });
        return Object.assign(shared, { componentCount: 4, toArray: async () => data });
      };
      const run = async (...args: unknown[]): Promise<Record<string, Held>> => {
        const views = args.map(view);
        let x = 0;
        const made = ["result", ...names].map((name) => [name, new Float32Array(4 * threads)] as const);
        const kernel = body(
          ...made.slice(1).map(
            ([, data]) =>
              (four: number[]) =>
                data.set(four, 4 * x),
          ),
        );
        for (; x < threads; x++) made[0][1].set(kernel.apply({ thread: { x } }, views), 4 * x);
        return Object.fromEntries(made.map(([name, data]) => [name, held(data)]));
      };
      const kernel = { constructor: { mode: this.isTexture ? "gpu" : "webgpu" } };
      return Object.assign(run, { kernel, destroy: () => {} });
    }

    destroy(): void {}
  }
  return { GPU: Standin };
});

describe.each(["webgl2", "webgpu"] as const)("four elements a thread (as on %s)", (backend) => {
  let device: Awaited<ReturnType<typeof openGpu>>;
  beforeAll(async () => {
    device = await openGpu({ backend });
  });
  afterAll(() => device.close());

  for (const primitive of allPrimitives())
    for (const [k, sample] of primitive.samples.entries()) {
      test(named(primitive, k), async () => {
        const why = await checkForward(device, primitive, sample, 2e-6);
        expect(why !== undefined, why).toBe(refused(primitive));
      });
      test(`${named(primitive, k)}: its gradient`, () => checkGradient(device, primitive, sample, 1e-5));
    }

  everyDevice(() => device, { elements: 20_000, steps: 3 });

  const shapes: Record<string, [(...xs: Tensor[]) => Tensor, number[][]]> = {
    "a product of whole fours": [
      matmul,
      [
        [16, 64],
        [64, 64],
      ],
    ],
    "a product of none": [
      matmul,
      [
        [17, 63],
        [63, 67],
      ],
    ],
    "a product with columns that are none": [
      matmul,
      [
        [12, 64],
        [64, 97],
      ],
    ],
    "a product of tiles": [
      matmul,
      [
        [128, 8],
        [8, 128],
      ],
    ],
    "products of a batch, of tiles that are not whole": [
      matmul,
      [
        [2, 101, 13],
        [2, 13, 98],
      ],
    ],
    "a product of tiles of transposed matrices": [
      (a, b) => matmul(matrixTranspose(a), matrixTranspose(b)),
      [
        [7, 130],
        [132, 7],
      ],
    ],
    "a convolution with many filters": [
      (x, w) => conv2d(x, w, { padding: 1 }),
      [
        [2, 3, 12, 16],
        [48, 3, 3, 3],
      ],
    ],
    "a product of transposed matrices": [
      (a, b) => matmul(matrixTranspose(a), matrixTranspose(b)),
      [
        [64, 33],
        [34, 64],
      ],
    ],
    "a product of parts": [
      (a, b) =>
        matmul(
          slice(a, [
            [1, 20],
            [3, 67],
          ]),
          slice(b, [
            [2, 66],
            [1, 42],
          ]),
        ),
      [
        [21, 70],
        [70, 43],
      ],
    ],
    "products of a batch, one side of it shared": [
      matmul,
      [
        [3, 9, 32],
        [32, 81],
      ],
    ],
    "products of a batch of none": [
      matmul,
      [
        [3, 9, 33],
        [3, 33, 82],
      ],
    ],
    "a convolution of a batch": [
      (x, w) => conv2d(x, w),
      [
        [2, 4, 15, 14],
        [12, 4, 3, 3],
      ],
    ],
    "sums along the first axis": [(x) => sum(x, { axis: 0 }), [[37, 45]]],
    "sums along the last axis": [(x) => sum(x, { axis: 1 }), [[45, 36]]],
    "a long sum of none": [(x) => sum(x), [[5003]]],
    "a long sum of whole fours": [(x) => sum(x), [[5004]]],
    "largest along the last axis": [(x) => max(x, { axis: 1 }), [[45, 36]]],
    "a part that is added to": [
      (x, y) => add(slice(x, [[1, 8]]), mul(y, 2)),
      [
        [9, 6],
        [7, 6],
      ],
    ],
  };
  test.each(Object.keys(shapes))("%s", async (name) => {
    const [f, sizes] = shapes[name];
    const args = sizes.map((shape, k) => pattern(shape, k));
    const compiled = device.compile(f);
    expect(distance(f(...args), await compiled(...args))).toBeLessThanOrEqual(1e-5);
    const inTiles = compiled.explain(...args).kernels.some(({ label }) => label.startsWith("rows of"));
    expect(inTiles).toBe(backend === "webgl2" && /tile|many filters/.test(name));
    await compiled.close();
  });
});
