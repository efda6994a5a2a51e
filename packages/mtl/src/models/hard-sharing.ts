import { type Layer, nothing } from "../layers/layer.js";
import { type EncoderBuilder, record } from "./encoder.js";

/** One trunk for all tasks (Caruana, Multitask learning, 1997): f_t(x) = head_t(trunk(x)). */
export function hardSharing(trunk: Layer): EncoderBuilder {
  return (tasks, input) => ({
    name: "hard sharing",
    description: { encoder: "hardSharing", trunk: trunk.description },
    tasks,
    input,
    output: trunk.outputShape(input),
    oneForAll: true,
    initialise(key, dtype) {
      const { parameters, state } = trunk.initialise(key, input, dtype);
      return { parameters: { shared: parameters, tasks: record(tasks, () => nothing) }, state };
    },
    apply({ shared }, x, wanted, context) {
      const { output, state } = trunk.apply(shared, x, context);
      return { outputs: record(wanted, () => output), state };
    },
    parts: [{ layer: trunk, input, count: 1 }],
  });
}
