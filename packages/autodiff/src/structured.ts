import type { Structure, Tensor } from "@kinship/tensor";

/**
 * The constraint `T extends Structured<T>`: tensors in nested objects and arrays. `Structure` alone would refuse
 * interfaces, which have no index signature. (`bind` is what tells functions from objects.)
 */
export type Structured<T> = Structure | (object & { readonly [K in keyof T]: Structured<T[K]> } & { bind?: never });

/** The same for a list of arguments. */
export type StructuredArguments<A> = readonly unknown[] & { readonly [K in keyof A]: Structured<A[K]> };

/**
 * The derivative of one structure in another: the structure of the output, with the structure of the input at each of
 * its tensors. A tensor's place holds a tensor of shape [...output shape, ...input shape].
 */
export type Jacobian<Output, Input> = [Output] extends [Tensor]
  ? Input
  : { readonly [K in keyof Output]: Jacobian<Output[K], Input> };
