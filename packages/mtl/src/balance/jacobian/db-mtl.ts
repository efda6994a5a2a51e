import type { Structured } from "@kinship/autodiff";
import { add, type Structure, type Tensor, zeros } from "@kinship/tensor";
import { InputError } from "../../errors.js";
import { combineGradients, gramian } from "../../gradients/gramian.js";
import type { JacobianBalancer } from "../balancer.js";
import { checkCount, checkLosses } from "../losses/method.js";
import { normalise } from "../normalise.js";
import { follow, zeroGradients } from "./tracking.js";

export type DbMtlState = {
  readonly tracked: readonly Structure[];
  readonly round: Tensor;
};

export interface DbMtlOptions {
  /** β: how much of the running gradients is kept in the first rounds; it fades as 1/√t. Default 0.9. */
  readonly memory?: number;
}

/**
 * Dual-balancing: gradients of the logarithms of the losses, averaged over time, all scaled to the length of the longest
 * and added (B. Lin et al., 2023, equations 2 to 4 and algorithm 1). For positive losses.
 */
export const dbMtl = ({ memory = 0.9 }: DbMtlOptions = {}): JacobianBalancer<DbMtlState> => ({
  kind: "jacobian",
  name: "dbMtl",
  needs: { losses: true },
  start: (tasks, parameters) => ({
    tracked: zeroGradients("dbMtl", tasks, parameters),
    round: zeros([], "float64"),
  }),
  direct<Parameters extends Structured<Parameters>>(
    state: DbMtlState,
    { gradients, losses }: { gradients: readonly Parameters[]; losses?: ArrayLike<number> },
  ) {
    if (!losses) throw new InputError("dbMtl: needs the losses too; pass them beside the gradients");
    const own = checkLosses("dbMtl", losses, true);
    checkCount("dbMtl", "losses", own.length, gradients.length);
    const round = add(state.round, 1);
    // ∇log L = ∇L / L; the first round has nothing to remember.
    const logarithmic = gradients.map((gradient, i) => combineGradients([1 / own[i]!], [gradient]));
    const count = round.item();
    const kept = count === 1 ? 0 : memory / Math.sqrt(count);
    const tracked = follow("dbMtl", state.tracked, logarithmic, 1 - kept);
    const { norms } = normalise("dbMtl", gramian(tracked));
    const longest = norms.reduce((most, length) => Math.max(most, length), 0);
    const weights = norms.map((length) => (length > 0 ? longest / length : 0));
    return { state: { tracked, round }, direction: combineGradients(weights, tracked), weights };
  },
});
