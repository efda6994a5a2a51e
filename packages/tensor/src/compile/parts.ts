import type { Instruction } from "../scalar/scalar.js";
import { mathRoutines } from "../wasm/math/index.js";
import { type Convolver, convolver } from "./convolve.js";
import { type Donor, donor } from "./donate.js";
import type { Routines } from "./emit/instructions.js";
import { type Explainer, explainer } from "./explain.js";
import { type Streamer, streamer } from "./stream.js";

/** What a compiler is made of besides what every program needs: values, so that only who asks for one ships it. */
export interface Parts {
  /** How to compute what takes the machine more than an instruction or two, from `@kinship/tensor/routines`: `{ exp, tanh }`. */
  readonly routines: Routines;
  /** `convolver`, for convolutions by large products. Default: none; they are computed by many small ones and take longer. */
  readonly convolver?: Convolver;
  /** `donor`, for the option `donate`. Default: none; asking for it is an error. */
  readonly donor?: Donor;
  /** `explainer`, for compiled functions to have their `explain`, and `profile`. Default: none; asking for either is an error. */
  readonly explainer?: Explainer;
  /** `streamer`, to run large programs of elementwise loops, and sums of what they compute, stretch by stretch. Default: none; they take longer. */
  readonly streamer?: Streamer;
  /** @internal Whether the routines are all there are: what needs another is left to its own evaluation. */
  readonly isComplete?: true;
}

export const everything: Parts = { routines: mathRoutines, convolver, donor, explainer, streamer, isComplete: true };

/** @throws Error that names the routine that is missing. */
export function missing({ name }: Instruction): never {
  throw new Error(
    `compile: this compiler was made without a routine for ${name}; import { ${name} } from "@kinship/tensor/routines" and add it to compiler({ routines: { … } }), or take compile, which has all of them`,
  );
}
