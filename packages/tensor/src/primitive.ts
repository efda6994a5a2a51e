import type { DType } from "./dtype.js";
import type { Layout } from "./layout.js";
import type { Instruction, Scalar } from "./scalar/scalar.js";
import type { Tensor } from "./tensor.js";

/** What a shape rule may look at: everything about a tensor except its numbers. */
export interface Signature {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** One application of a primitive, as every rule and every recording sees it. */
export interface Site<P = unknown> {
  readonly primitive: Primitive<P>;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly params: P;
}

export type Maybe = Tensor | undefined;

/** A partial derivative of an elementwise primitive: a number where it is constant. */
export type PartialDerivative = number | ((site: Site) => Tensor);

/** A fact of calculus about a primitive. It names no tape and no mode; both modes follow from it. */
export type Derivative<P> =
  /** Elementwise: the partial derivative in each input. 0 for an input that never matters. */
  | { readonly kind: "partials"; readonly of: readonly PartialDerivative[] }
  /** Linear in all inputs together, f(x + x′, y + y′) = f(x, y) + f(x′, y′): the transpose for each. */
  | { readonly kind: "linear"; adjoint(cotangent: Tensor, input: number, site: Site<P>): Tensor }
  /** Linear in each input while the others stand still, as products are: the transpose for each. */
  | { readonly kind: "multilinear"; adjoint(cotangent: Tensor, input: number, site: Site<P>): Tensor }
  /** Anything else: both directions by hand. `wanted` and `tangents` say which inputs matter. */
  | {
      readonly kind: "custom";
      vjp(cotangent: Tensor, site: Site<P>, wanted: readonly boolean[]): readonly Maybe[];
      jvp(tangents: readonly Maybe[], site: Site<P>): Tensor;
    }
  /** Locally constant; or, where it `stops` derivatives, declared constant although it is not. */
  | { readonly kind: "zero"; readonly stops?: true };

/** A product of one or two operands as labelled axes: a label missing from `output` is summed over. */
export interface Contraction {
  /** How each operand is read: its own layout, or a window or diagonal of it. One stride a label. */
  readonly operands: readonly Layout[];
  readonly labels: readonly (readonly number[])[];
  readonly output: readonly number[];
}

/** A part of the output that an input is written to: `output[start + step·i] = input[i]`, axis by axis. */
export interface Region {
  readonly start: readonly number[];
  readonly step: readonly number[];
}

/** How a compiler may treat a primitive. A closed set: compilers branch on this, never on a name. */
export type Form<P> =
  /** Elementwise over broadcast inputs. */
  | { readonly kind: "map"; readonly body: Scalar }
  /** Folds axes away, from `identity`, which changes nothing it is combined with. */
  | {
      readonly kind: "reduce";
      readonly identity: number;
      readonly combine: Instruction;
      axes(params: P): readonly number[];
    }
  /** The same memory read otherwise; undefined where strides cannot say it and a copy is needed first. */
  | { readonly kind: "view"; restride(layout: Layout, params: P): Layout | undefined }
  /** Zeros with the inputs written into regions of them: the adjoint of slicing; padding and joining too. */
  | { readonly kind: "place"; regions(params: P): readonly Region[] }
  /** Sums of products over labelled axes. */
  | { readonly kind: "contract"; contraction(inputs: readonly Layout[], params: P): Contraction }
  /**
   * Entries of the first input by their numbers, the second: output[b…, w…, r…] = x[b…, numbers[b…, w…], r…], where b are
   * the `batch` leading axes that both share. Negative numbers count from the end.
   */
  | { readonly kind: "gather"; batch(params: P): number }
  /** Its adjoint: sums of the first input by where they belong, output[b…, numbers[b…, w…], r…] += x[b…, w…, r…]. */
  | { readonly kind: "scatter"; batch(params: P): number }
  /** Only `evaluate` knows: a barrier to fusion. */
  | { readonly kind: "opaque" };

/** What inputs a law may be tried on. The declaration of a primitive carries what its own tests need. */
export interface Sample<P> {
  readonly shapes: readonly (readonly number[])[];
  readonly params: P;
  /** One an input; the last counts for the rest. Default: reals from −2 to 2. */
  readonly domains?: readonly Domain[];
}

export interface Domain {
  readonly kind?: "real" | "integer" | "boolean" | "distinct" | "positive definite" | "well-conditioned" | "triangular";
  readonly from?: number;
  readonly to?: number;
  readonly dtype?: DType;
  /** Points near which a derivative jumps: samples keep away from them. */
  readonly kinks?: readonly number[];
}

/** An operation of the engine, declared once as plain data. All else is derived from the declaration. */
export interface Primitive<P = unknown> {
  readonly name: string;
  readonly form: Form<P>;
  readonly derivative: Derivative<P>;
  readonly samples: readonly Sample<P>[];
  /** The shape and dtype rule, and its errors. */
  infer(inputs: readonly Signature[], params: P): Signature;
  /** The slow, clear reference: defines what the primitive means. */
  evaluate(inputs: readonly Tensor[], output: Signature, params: P): Tensor;
}
