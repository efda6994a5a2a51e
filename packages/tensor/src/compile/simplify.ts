import { broadcastLayout, isUniform, sizeOf } from "../layout.js";
import type { Primitive } from "../primitive.js";
import { type Tensor, viewOf } from "../tensor.js";
import type { Program, Value } from "./program.js";

/** Folding computes constants while compiling; larger ones are left to the program. */
const foldedElements = 65536;

/** One element of each input, computed once and seen with the full shape. */
function foldUniform(value: Value & { kind: "apply" }, inputs: readonly Tensor[]): Tensor {
  const single = inputs.map((x) => viewOf(x, { shape: [], stride: [], offset: x.offset }));
  const one = value.primitive.evaluate(single, value.primitive.infer(single, value.params), value.params);
  return viewOf(one, broadcastLayout(one, value.shape));
}

function fold(value: Value & { kind: "apply" }, inputs: readonly Tensor[]): Tensor | undefined {
  const { primitive, params } = value;
  const kind = primitive.form.kind;
  if (kind === "map" && inputs.every(isUniform) && sizeOf(value.shape) > 1) return foldUniform(value, inputs);
  const worth =
    kind === "view" || (sizeOf(value.shape) <= foldedElements && inputs.every((x) => x.size <= foldedElements));
  return worth ? primitive.evaluate(inputs, value, params) : undefined;
}

/** Constants are computed, equal values are computed once, and what no output needs is dropped. */
export const simplify = (program: Program): Program => dropUnused(share(dropUnused(program)));

function paramsKey(params: unknown): string {
  if (Array.isArray(params)) return `[${params.map(paramsKey)}]`;
  if (typeof params === "string") return JSON.stringify(params);
  if (typeof params !== "object" || params === null) return String(params);
  return `{${Object.entries(params).map(([key, x]) => `${key}:${paramsKey(x)}`)}}`;
}

function share({ values, outputs }: Program): Program {
  const kept: Value[] = [];
  const known = new Map<string, number>();
  const identities = new Map<Primitive, number>();
  const identity = (primitive: Primitive): number => {
    if (!identities.has(primitive)) identities.set(primitive, identities.size);
    return identities.get(primitive)!;
  };
  const push = (value: Value, key?: string): number => {
    const found = key === undefined ? undefined : known.get(key);
    if (found !== undefined) return found;
    const number = kept.push(value) - 1;
    if (key !== undefined) known.set(key, number);
    return number;
  };
  const constantKey = (x: Tensor): string | undefined =>
    isUniform(x)
      ? `constant ${x.dtype} [${x.shape}] ${Object.is(x.data[x.offset], -0) ? "-0" : x.data[x.offset]}`
      : undefined;
  const renumbered: number[] = [];
  for (const value of values) {
    if (value.kind === "argument") renumbered.push(push(value));
    else if (value.kind === "constant") renumbered.push(push(value, constantKey(value.tensor)));
    else {
      const inputs = value.inputs.map((input) => renumbered[input]);
      const constants = inputs.flatMap((input) => {
        const source = kept[input];
        return source.kind === "constant" ? [source.tensor] : [];
      });
      const folded = constants.length === inputs.length ? fold(value, constants) : undefined;
      renumbered.push(
        folded
          ? push({ kind: "constant", tensor: folded, shape: value.shape, dtype: value.dtype }, constantKey(folded))
          : push({ ...value, inputs }, `${identity(value.primitive)}(${inputs}) ${paramsKey(value.params)}`),
      );
    }
  }
  return { values: kept, outputs: outputs.map((k) => renumbered[k]) };
}

/** Arguments stay, read or not: callers count on their order. */
function dropUnused({ values, outputs }: Program): Program {
  const needed = new Set<number>(outputs);
  for (let k = values.length - 1; k >= 0; k--) {
    const value = values[k];
    if (value.kind === "argument") needed.add(k);
    if (needed.has(k) && value.kind === "apply") for (const input of value.inputs) needed.add(input);
  }
  const order = [...needed].sort((a, b) => a - b);
  const renumbered = new Map(order.map((k, n) => [k, n]));
  return {
    values: order.map((k) => {
      const value = values[k];
      return value.kind === "apply" ? { ...value, inputs: value.inputs.map((input) => renumbered.get(input)!) } : value;
    }),
    outputs: outputs.map((k) => renumbered.get(k)!),
  };
}
