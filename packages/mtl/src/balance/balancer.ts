import type { Structured } from "@kinship/autodiff";
import type { Structure } from "@kinship/tensor";

// A balancer decides how the gradients of several tasks become one update of what they share. It is plain data and pure
// functions: (state, input) → (state, weights or direction). The state is a structure of tensors, so it is saved and
// resumed with the parameters, to the same bits; randomness comes from a key in it.

/** What a method needs beside what its kind says. */
export interface Needs {
  /** The losses' values too. */
  readonly losses?: true;
  /** Draws random numbers from a key in its state. */
  readonly random?: true;
  /** Gradients on a second, independent batch as well: unbiased products need two. */
  readonly independentBatch?: true;
}

export interface Weighed<State> {
  readonly state: State;
  /** One weight a task, for the shared parameters: the update follows Σ w_i ∇L_i. */
  readonly weights: Float64Array;
}

/** From the losses' values alone: one backward pass, of Σ w_i L_i. */
export interface LossBalancer<State extends Structure = Structure> {
  readonly kind: "losses";
  readonly name: string;
  readonly needs: Needs;
  start(tasks: number): State;
  /** `value` is the scalar objective whose gradient in the losses the weights are, where the method has one. */
  weigh(state: State, losses: ArrayLike<number>): Weighed<State> & { readonly value: number };
  /** For methods that look at what the step did: the losses on the same batch after it. */
  observe?(state: State, lossesAfter: ArrayLike<number>): State;
}

export interface GramianInput {
  /** J Jᵀ, m × m: the inner products of the tasks' gradients of the shared parameters. */
  readonly gramian: Float64Array;
  readonly losses?: ArrayLike<number>;
  /** J₁ J₂ᵀ for gradients on two independent batches; for gradients of the full data it is the Gramian. */
  readonly crossGramian?: Float64Array;
}

/** From the inner products of the gradients: the Jacobian itself is not needed to find the weights. */
export interface GramianBalancer<State extends Structure = Structure> {
  readonly kind: "gramian";
  readonly name: string;
  readonly needs: Needs;
  start(tasks: number): State;
  /** `residual`: how far the weights are from satisfying the method's own equations, relative to their scale. */
  weigh(state: State, input: GramianInput): Weighed<State> & { readonly residual: number };
}

export interface JacobianInput<Parameters> {
  readonly gradients: readonly Parameters[];
  readonly losses?: ArrayLike<number>;
}

/** From the gradients entry by entry, or remembering gradients: weights alone cannot say it. */
export interface JacobianBalancer<State extends Structure = Structure> {
  readonly kind: "jacobian";
  readonly name: string;
  readonly needs: Needs;
  /** `parameters`: the shared ones, for their structure. */
  start<Parameters extends Structured<Parameters>>(tasks: number, parameters: Parameters): State;
  direct<Parameters extends Structured<Parameters>>(
    state: State,
    input: JacobianInput<Parameters>,
  ): {
    readonly state: State;
    readonly direction: Parameters;
    /** One a task, where the direction is Σ w_i of something a task: its gradient, or a running mean of it. */
    readonly weights?: Float64Array;
  };
}

export type Balancer = LossBalancer | GramianBalancer | JacobianBalancer;

/** The state of methods that remember nothing. */
export type Stateless = Readonly<Record<string, never>>;
