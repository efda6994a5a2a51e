import { sameShape } from "../layout.js";
import type { Signature } from "../primitive.js";
import { Tensor } from "../tensor.js";

/** A structure of tensors without its tensors, which are numbered. What is not a tensor is part of it. */
export type Skeleton =
  | { readonly kind: "tensor"; readonly index: number }
  | { readonly kind: "list"; readonly entries: readonly Skeleton[] }
  | { readonly kind: "record"; readonly keys: readonly string[]; readonly entries: readonly Skeleton[] }
  | { readonly kind: "value"; readonly value: unknown };

/**
 * The skeleton of a structure; its tensors go to `found`.
 * @throws TypeError naming the path of what cannot be part of a program.
 */
export function dissect(
  value: unknown,
  found: Tensor[],
  path: string,
  name = "compile",
  around: readonly unknown[] = [],
): Skeleton {
  if (value instanceof Tensor) return { kind: "tensor", index: found.push(value) - 1 };
  if (around.includes(value))
    throw new TypeError(`${name}: the structure at ${path} contains itself; pass the tensors apart`);
  const inner = (entry: unknown, at: string) => dissect(entry, found, at, name, [...around, value]);
  if (Array.isArray(value)) return { kind: "list", entries: value.map((entry, k) => inner(entry, `${path}[${k}]`)) };
  if (typeof value === "object" && value !== null) {
    if (typeof (value as { then?: unknown }).then === "function")
      throw new TypeError(`${name}: found a promise at ${path}; await it first, the body must be synchronous`);
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      throw new TypeError(
        `${name}: expected tensors, numbers and strings in nested objects and arrays, found an object (${prototype.constructor?.name}) at ${path}; make it a tensor with tensor(…)`,
      );
    const keys = Object.keys(value);
    return {
      kind: "record",
      keys,
      entries: keys.map((key) => inner((value as Record<string, unknown>)[key], `${path}.${key}`)),
    };
  }
  if (typeof value === "function" || typeof value === "symbol")
    throw new TypeError(`${name}: found a ${typeof value} at ${path}; capture it in the function instead`);
  return { kind: "value", value };
}

/** The structure with these tensors. */
export function fill(skeleton: Skeleton, tensors: readonly Tensor[]): unknown {
  switch (skeleton.kind) {
    case "tensor":
      return tensors[skeleton.index];
    case "list":
      return skeleton.entries.map((entry) => fill(entry, tensors));
    case "record": {
      const made: Record<string, unknown> = {};
      for (let k = 0; k < skeleton.keys.length; k++) made[skeleton.keys[k]] = fill(skeleton.entries[k], tensors);
      return made;
    }
    case "value":
      return skeleton.value;
  }
}

/** Whether `value` has this structure, with tensors of these signatures; its tensors go to `found`, by number. */
export function matches(
  skeleton: Skeleton,
  value: unknown,
  signatures: readonly Signature[],
  found: Tensor[],
): boolean {
  switch (skeleton.kind) {
    case "tensor": {
      if (!(value instanceof Tensor)) return false;
      const like = signatures[skeleton.index];
      found[skeleton.index] = value;
      return like.dtype === value.dtype && sameShape(like.shape, value.shape);
    }
    case "list": {
      if (!Array.isArray(value) || value.length !== skeleton.entries.length) return false;
      for (let k = 0; k < value.length; k++)
        if (!matches(skeleton.entries[k], value[k], signatures, found)) return false;
      return true;
    }
    case "record": {
      if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Tensor) return false;
      const { keys, entries } = skeleton;
      let count = 0;
      for (const key in value) if (Object.hasOwn(value, key)) count++;
      if (count !== keys.length) return false;
      for (let k = 0; k < keys.length; k++) {
        if (!Object.hasOwn(value, keys[k])) return false;
        if (!matches(entries[k], (value as Record<string, unknown>)[keys[k]], signatures, found)) return false;
      }
      return true;
    }
    case "value":
      return Object.is(skeleton.value, value);
  }
}

/** The tensors of a structure in order: their numbers, and their paths within it. */
export function slotsOf(skeleton: Skeleton, path = ""): readonly { readonly index: number; readonly path: string }[] {
  switch (skeleton.kind) {
    case "tensor":
      return [{ index: skeleton.index, path }];
    case "list":
      return skeleton.entries.flatMap((entry, k) => slotsOf(entry, `${path}[${k}]`));
    case "record":
      return skeleton.entries.flatMap((entry, k) => slotsOf(entry, `${path}.${skeleton.keys[k]}`));
    case "value":
      return [];
  }
}

export function sameSkeleton(a: Skeleton, b: Skeleton): boolean {
  if (a.kind === "tensor") return b.kind === "tensor" && a.index === b.index;
  if (a.kind === "value") return b.kind === "value" && Object.is(a.value, b.value);
  if (b.kind === "tensor" || b.kind === "value" || a.kind !== b.kind || a.entries.length !== b.entries.length)
    return false;
  if (a.kind === "record" && b.kind === "record" && a.keys.some((key, k) => key !== b.keys[k])) return false;
  return a.entries.every((entry, k) => sameSkeleton(entry, b.entries[k]));
}
