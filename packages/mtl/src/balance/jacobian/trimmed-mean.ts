import type { Structured } from "@kinship/autodiff";
import { concat, div, expandDims, mapLeaves, matchLeaves, slice, sort, sum } from "@kinship/tensor";
import { InputError } from "../../errors.js";
import type { JacobianBalancer, Stateless } from "../balancer.js";

/**
 * The mean of each entry without its `trim` largest and smallest values (D. Yin et al., ICML 2018, definition 2): against
 * wrong gradients, not against conflict.
 */
export function trimmedMean({ trim = 1 }: { readonly trim?: number } = {}): JacobianBalancer<Stateless> {
  if (!Number.isInteger(trim) || trim < 0)
    throw new InputError(`trimmedMean: trim must be a whole number of at least 0, not ${trim}`);
  return {
    kind: "jacobian",
    name: "trimmedMean",
    needs: {},
    start: () => ({}),
    direct<Parameters extends Structured<Parameters>>(
      state: Stateless,
      { gradients }: { gradients: readonly Parameters[] },
    ) {
      const m = gradients.length;
      if (m <= 2 * trim)
        throw new InputError(
          `trimmedMean: ${m} tasks without the ${trim} largest and smallest leave nothing; trim at most ${Math.floor((m - 1) / 2)}`,
        );
      const rows = gradients.map((gradient) => matchLeaves("trimmedMean", gradients[0], gradient).map(([, x]) => x));
      let at = 0;
      const direction = mapLeaves("trimmedMean", gradients[0]!, () => {
        const leaf = at++;
        const stacked = concat(rows.map((row) => expandDims(row[leaf]!, 0)));
        return div(sum(slice(sort(stacked, { axis: 0 }), [[trim, m - trim]]), { axis: 0 }), m - 2 * trim);
      });
      return { state, direction };
    },
  };
}
