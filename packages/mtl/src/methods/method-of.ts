import { InputError } from "../errors.js";
import type { PartDescription, SingleDescription } from "./describe.js";
import { linearMethods, type Method, type MethodName, type MethodSettings } from "./table.js";

/** The regularizers that can be parts. `dirty`, `robust` and `sparse-low-rank` are splits themselves. */
const partNames = [
  "k-norm",
  "ridge",
  "lasso",
  "joint-features",
  "elastic-net",
  "max-norms",
  "task-norms",
  "trace-norm",
  "mtl-feat",
  "clustered",
  "graph-fused",
  "ordered-tasks",
] as const;
type PartName = (typeof partNames)[number];

/** What a part whose weight is not given may weigh beside the first. */
const weights = [0.3, 1, 3];

interface Part {
  readonly name: PartName;
  readonly weight: number | null;
}

/**
 * A method by its name. Beside the names of `linearMethods` there are sums of regularizers on the same weights,
 * "joint-features+lasso", and splits of the weights into parts with a regularizer each, "trace-norm/task-norms". A number
 * before a name is the weight of that part beside λ: "joint-features+0.5lasso". Without one it is 1 for the first part;
 * for the others it is chosen among 0.3, 1 and 3 by cross-validation, as λ is.
 * @throws InputError for a name that is not known
 */
export function methodOf(name: MethodName): Method {
  if (Object.hasOwn(linearMethods, name)) return linearMethods[name as keyof typeof linearMethods];
  const kinds = ["+", "/"].filter((sign) => name.includes(sign));
  if (kinds.length === 0) {
    throw new InputError(`method is one of ${Object.keys(linearMethods).join(", ")}; not "${name}"`);
  }
  if (kinds.length === 2) throw new InputError(`method "${name}" mixes + and /; give either a sum or a split`);
  const sign = kinds[0] as "+" | "/";
  const parts = name.split(sign).map((text) => partOf(text, name));
  const twice = parts.find((part, k) => parts.findIndex((other) => other.name === part.name) < k);
  if (twice !== undefined) throw new InputError(`method "${name}" has ${twice.name} twice; give it once`);
  return composed(sign, parts);
}

function partOf(text: string, whole: string): Part {
  const [, number, name] = /^\s*(\d*\.?\d+)?([a-z].*?)?\s*$/.exec(text) ?? [];
  if (!partNames.includes(name as PartName)) {
    throw new InputError(`method "${whole}": "${text}" is no part; parts are ${partNames.join(", ")}, as in 0.5lasso`);
  }
  const weight = number === undefined ? null : Number(number);
  if (weight === 0) throw new InputError(`method "${whole}": the weight of "${text}" must be > 0; leave the part out`);
  return { name: name as PartName, weight };
}

function composed(sign: "+" | "/", parts: readonly Part[]): Method {
  const methods = parts.map(({ name }): Method => linearMethods[name]);
  const needs = methods.flatMap((method) => method.needs ?? []);
  const supposed = methods.map(({ supposes }) => supposes);
  return {
    title: parts.map(({ weight }, k) => `${weight ?? ""} ${methods[k]!.title}`.trim()).join(` ${sign} `),
    supposes:
      sign === "+" ? supposed.join("; ") : `weights are a sum: for one part, ${supposed.join("; for another, ")}`,
    regularizers: (settings, tasks) =>
      combinations(parts.map((part, k) => candidates(part, k, settings, tasks))).map((chosen) => ({
        name: sign === "+" ? "sum" : "split",
        parts: chosen,
      })),
    ...(needs.length > 0 && { needs }),
    ...(methods.some(({ tied }) => tied) && { tied: true }),
  };
}

function candidates({ name, weight }: Part, place: number, settings: MethodSettings, tasks: number): PartDescription[] {
  const described = linearMethods[name].regularizers(settings, tasks) as readonly SingleDescription[];
  const weighed = weight !== null ? [weight] : place === 0 ? [1] : weights;
  return described.flatMap((regularizer) => weighed.map((weight) => ({ regularizer, weight })));
}

/** One of each list, in all ways. */
const combinations = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((so, list) => so.flatMap((chosen) => list.map((next) => [...chosen, next])), [[]]);
