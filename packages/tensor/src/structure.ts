import { describe } from "./create.js";
import { Tensor } from "./tensor.js";

/** Tensors in nested objects, arrays and tuples: parameters, gradients, states. */
export type Structure = Tensor | readonly Structure[] | { readonly [name: string]: Structure };

/** Calls `visit` with each tensor and its path (`.layers[0].weights`), in the order of keys and indices. */
export function forEachLeaf(
  name: string,
  value: unknown,
  visit: (leaf: Tensor, path: string) => void,
  path = "",
): void {
  if (value instanceof Tensor) visit(value, path);
  else if (Array.isArray(value))
    for (const [k, entry] of value.entries()) forEachLeaf(name, entry, visit, `${path}[${k}]`);
  else if (isPlain(value)) for (const key of Object.keys(value)) forEachLeaf(name, value[key], visit, `${path}.${key}`);
  else
    throw new TypeError(
      `${name}: expected tensors in nested objects and arrays, found ${describe(value)} at ${path || "the top"}; pass what is constant as another argument`,
    );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function leaves(name: string, value: unknown): Tensor[] {
  const found: Tensor[] = [];
  forEachLeaf(name, value, (leaf) => found.push(leaf));
  return found;
}

/** The same structure with every tensor replaced, in the order of `leaves`. */
export function mapLeaves<S>(name: string, value: S, replace: (leaf: Tensor, path: string) => Tensor, path = ""): S {
  if (value instanceof Tensor) return replace(value, path) as S;
  if (Array.isArray(value)) return value.map((entry, k) => mapLeaves(name, entry, replace, `${path}[${k}]`)) as S;
  if (isPlain(value))
    return Object.fromEntries(
      Object.keys(value).map((key) => [key, mapLeaves(name, value[key], replace, `${path}.${key}`)]),
    ) as S;
  forEachLeaf(name, value, () => undefined, path);
  return value;
}

/**
 * Matches the tensors of `other` with those of `value`, which must have the same structure.
 * @throws TypeError naming the first path that one has and the other lacks.
 */
export function matchLeaves(name: string, value: unknown, other: unknown): [Tensor, Tensor, string][] {
  const found = new Map<string, Tensor>();
  forEachLeaf(name, other, (leaf, path) => found.set(path, leaf));
  const pairs: [Tensor, Tensor, string][] = [];
  forEachLeaf(name, value, (leaf, path) => {
    const match = found.get(path);
    if (!match) throw new TypeError(`${name}: structures differ, nothing at ${path || "the top"}`);
    found.delete(path);
    pairs.push([leaf, match, path]);
  });
  for (const path of found.keys())
    throw new TypeError(`${name}: structures differ, nothing expected at ${path || "the top"}`);
  return pairs;
}
