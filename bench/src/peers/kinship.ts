import type { Tensor } from "@kinship/tensor";
import { type Adaptor, adaptor } from "../harness/adaptor.js";
import { peer } from "../harness/peer.js";

export interface Kinship extends Adaptor<Tensor> {
  readonly ops: typeof import("@kinship/tensor");
  readonly autodiff: typeof import("@kinship/autodiff");
  readonly mtl: typeof import("@kinship/mtl");
  readonly compiled: boolean;
  /** The function itself, or the one program it compiles to: rows are written once for both columns. */
  compile<A extends readonly unknown[], R>(
    f: (...inputs: A) => R,
    options?: { readonly donate?: readonly number[] },
  ): (...inputs: A) => R;
}

async function load(compiled: boolean, count = 1): Promise<Kinship> {
  const ops = await import("@kinship/tensor");
  const { compile } = await import("@kinship/tensor/compile");
  const autodiff = await import("@kinship/autodiff");
  const mtl = await import("@kinship/mtl");
  const threads = count > 1 ? await (await import("@kinship/tensor/threads")).openThreads(count) : undefined;
  return {
    ops,
    autodiff,
    mtl,
    compiled,
    compile: (f, options) => (compiled ? compile(f, { ...options, threads }) : f),
    ...adaptor<Tensor>({
      from: ({ data, shape }) => ops.tensor(data, { shape }),
      read: (result) => result.toTypedArray(),
      free: (result) => ops.release(result),
    }),
  };
}

const packages = ["@kinship/tensor", "@kinship/autodiff", "@kinship/mtl"];

/** Each operation on its own, as it is called. */
export const kinship = peer({ name: "kinship", origin: "ours", library: "kinship", packages, load: () => load(false) });

/** The whole computation as one WebAssembly module. */
export const kinshipCompiled = peer({
  name: "kinship compiled",
  origin: "ours",
  library: "kinship",
  packages,
  load: () => load(true),
});

/** The same module on two threads, in rows that are large enough. */
export const kinshipThreads = peer({
  name: "kinship 2 threads",
  origin: "threads",
  library: "kinship",
  packages,
  only: ["product 1024", "CNN step batch 32"],
  load: () => load(true, 2),
});
