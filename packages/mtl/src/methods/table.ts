import type { KinshipBuilder } from "../relations/kinship.js";
import type { PlainRegularizer, RegularizerDescription } from "./describe.js";

/** What methods may need to know beside the data. */
export interface MethodSettings {
  /** Of the K-norm; the prior of learned relations. */
  readonly kinship: KinshipBuilder;
  /** Pairs of kin, for `graph-fused`. */
  readonly edges?: readonly (readonly [a: string, b: string, weight?: number])[];
  /** The tasks one after another, for `ordered-tasks`. */
  readonly order?: readonly string[];
}

export interface Method {
  /** As it stands in a sentence. */
  readonly title: string;
  /** What it supposes of the tasks' weights. */
  readonly supposes: string;
  /** What is chosen from by cross-validation; "relations" where they are learned, which is a fit of its own. */
  regularizers(settings: MethodSettings, tasks: number): readonly RegularizerDescription[] | "relations";
  /** Squared errors only. */
  readonly squaredOnly?: true;
  /** Which settings it cannot do without. */
  readonly needs?: readonly ("edges" | "order")[];
  /** It asks how tasks are tied: `kinship`. */
  readonly tied?: true;
  /** Pooled: one model for all rows. */
  readonly pools?: true;
}

const alone = (name: PlainRegularizer) => (): readonly RegularizerDescription[] => [{ name }];
const shares = [0.3, 0.5, 0.8];

/** Every way to fit by name. The first two are what the others have to beat. */
export const linearMethods = {
  "single-task": {
    title: "single-task",
    supposes: "each task is learned alone",
    regularizers: /* @__PURE__ */ alone("ridge"),
  },
  pooled: {
    title: "pooled",
    supposes: "all tasks are the same",
    regularizers: /* @__PURE__ */ alone("ridge"),
    pools: true,
  },
  "k-norm": {
    title: "K-norm",
    supposes: "weights are near those of kin",
    regularizers: ({ kinship }) => [{ name: "k-norm", kinship }],
    tied: true,
  },
  learned: {
    title: "learned relations",
    supposes: "who is kin shows in the weights",
    regularizers: () => "relations",
    squaredOnly: true,
    tied: true,
  },
  ridge: {
    title: "L2",
    supposes: "weights are small",
    regularizers: /* @__PURE__ */ alone("ridge"),
  },
  lasso: {
    title: "L1",
    supposes: "few features matter, others to each task",
    regularizers: /* @__PURE__ */ alone("lasso"),
  },
  "joint-features": {
    title: "L2,1",
    supposes: "few features matter, the same to all tasks",
    regularizers: /* @__PURE__ */ alone("joint-features"),
  },
  "elastic-net": {
    title: "elastic net",
    supposes: "few groups of like features matter to all tasks",
    regularizers: () => [0.2, 0.5, 0.8].map((ratio) => ({ name: "elastic-net", ratio })),
  },
  "max-norms": {
    title: "L1,∞",
    supposes: "few features matter, to all tasks about as much",
    regularizers: /* @__PURE__ */ alone("max-norms"),
  },
  "task-norms": {
    title: "norms of tasks",
    supposes: "some tasks have nothing to learn",
    regularizers: /* @__PURE__ */ alone("task-norms"),
  },
  "trace-norm": {
    title: "trace norm",
    supposes: "weights lie in few directions",
    regularizers: /* @__PURE__ */ alone("trace-norm"),
  },
  "mtl-feat": {
    title: "MTL-FEAT",
    supposes: "tasks share a few features that are learned",
    regularizers: /* @__PURE__ */ alone("mtl-feat"),
  },
  clustered: {
    title: "clustered",
    supposes: "tasks fall into a few groups",
    regularizers: (_, tasks) =>
      [2, 3, 5].filter((clusters) => clusters <= tasks).map((clusters) => ({ name: "clustered", clusters })),
  },
  dirty: {
    title: "dirty",
    supposes: "shared features, and some of each task's own",
    regularizers: () => shares.map((own) => ({ name: "dirty", own })),
  },
  robust: {
    title: "robust",
    supposes: "most tasks are kin, some are outliers",
    regularizers: () => [0.5, 1, 2].map((own) => ({ name: "robust", own })),
  },
  "sparse-low-rank": {
    title: "sparse + low rank",
    supposes: "few directions, and single weights beside them",
    regularizers: () => shares.map((own) => ({ name: "sparse-low-rank", own })),
  },
  "graph-fused": {
    title: "graph-fused",
    supposes: "kin share most weights exactly",
    regularizers: ({ edges = [] }) => [{ name: "graph-fused", edges }],
    needs: ["edges"],
  },
  "ordered-tasks": {
    title: "ordered tasks",
    supposes: "weights change now and then from one task to the next",
    regularizers: ({ order = [] }) => [{ name: "ordered-tasks", order }],
    needs: ["order"],
  },
} as const satisfies Readonly<Record<string, Method>>;

/** A name of the table, or a sum or split of such: see `methodOf`. */
export type MethodName = keyof typeof linearMethods | `${string}+${string}` | `${string}/${string}`;

/** The methods that can be fitted under a loss with what is known, but for `ridge`, which is the single-task baseline. */
export function suitableMethods(loss: { readonly name: string }, settings: MethodSettings): MethodName[] {
  return (Object.keys(linearMethods) as (keyof typeof linearMethods)[]).filter((name) => {
    const { squaredOnly, needs = [] }: Method = linearMethods[name];
    if (name === "ridge" || (squaredOnly && loss.name !== "squared")) return false;
    return needs.every((need) => settings[need] !== undefined);
  });
}
