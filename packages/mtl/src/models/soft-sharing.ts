import type { Layer } from "../layers/layer.js";
import { nothing } from "../layers/layer.js";
import { applyBank, type EncoderBuilder, initialiseBank, record } from "./encoder.js";

/**
 * A trunk for each task, tied only by a penalty (`kNormOverTrunks`; Duong et al., Low resource dependency parsing, 2015,
 * tie two by the L2 distance of their weights). Without a penalty the tasks are independent networks. All trunks start
 * from the same draw, so that the distance between them starts at 0, unless `sameStart` is false.
 */
export function softSharing(trunk: Layer, { sameStart = true }: { readonly sameStart?: boolean } = {}): EncoderBuilder {
  return (tasks, input) => {
    const bank = record(tasks, () => ({ layer: trunk, input }));
    return {
      name: "soft sharing",
      description: { encoder: "softSharing", trunk: trunk.description, sameStart },
      tasks,
      input,
      output: trunk.outputShape(input),
      initialise(key, dtype) {
        if (!sameStart) {
          const { parameters, state } = initialiseBank(bank, key, dtype);
          return { parameters: { shared: nothing, tasks: parameters }, state };
        }
        const { parameters, state } = trunk.initialise(key, input, dtype);
        return {
          parameters: { shared: nothing, tasks: record(tasks, () => parameters) },
          state: record(tasks, () => state),
        };
      },
      apply: (parameters, x, wanted, context) =>
        applyBank(
          bank,
          parameters.tasks,
          record(wanted, () => x),
          context,
        ),
      parts: [{ layer: trunk, input, count: tasks.length }],
    };
  };
}
