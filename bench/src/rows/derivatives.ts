import type { Tensor } from "@kinship/tensor";
import { type CallFamily, callFamily } from "../harness/family.js";
import { type Inputs, uniform } from "../harness/values.js";
import type { Kinship } from "../peers/kinship.js";
import { cnnInputs, cnnLoss, cnnParameters, plainCnn } from "./cnn.js";
import { mlpInputs, mlpLoss, parameterNames, plainMlp, type Sizes } from "./mlp.js";
import { type Arrays, arraysOf } from "./plain.js";
import { dataOf, type Loss, record } from "./training.js";

/** What is computed of one loss: rows side by side give the cost of a derivative in units of the loss. */
type Quantity = "loss" | "gradient" | "directional derivative";

interface Model {
  readonly parameters: readonly string[];
  readonly inputs: Inputs;
  readonly plain: (state: Arrays) => { readonly loss: number; readonly gradients: Arrays };
  readonly loss: (ops: Kinship["ops"]) => Loss<Tensor>;
}

const sizes: Sizes = { batch: 64, features: 28, width: 64, heads: 4 };

const cnn = (batch: number): (() => Model) => {
  return () => {
    const inputs = cnnInputs({ batch });
    return {
      parameters: cnnParameters,
      inputs,
      plain: (state) => plainCnn(state, inputs, batch),
      loss: (ops) => cnnLoss(ops, batch),
    };
  };
};

const mlp = (): Model => {
  const inputs = mlpInputs(sizes);
  return {
    parameters: parameterNames(sizes),
    inputs,
    plain: (state) => plainMlp(state, inputs, sizes),
    loss: (ops) => mlpLoss(ops, sizes),
  };
};

const models = { mlp, "cnn 2": cnn(2), "cnn 32": cnn(32) };
type ModelName = keyof typeof models;

/** The direction's part in a parameter is added to the inputs under this name. */
const along = (name: string): string => `d ${name}`;

const directions = ({ parameters, inputs }: Model): Inputs =>
  Object.fromEntries(parameters.map((name, k) => [along(name), uniform(inputs[name]!.shape, 100 + k)]));

const quantities: readonly Quantity[] = ["loss", "gradient", "directional derivative"];

function casesOf(model: ModelName, title: string, quick: boolean) {
  return quantities.map((quantity) => ({ name: `${title}: ${quantity}`, parameters: { model, quantity }, quick }));
}

/** The training rows' losses, and what their derivatives cost besides. */
export const derivatives: CallFamily = callFamily<{ model: ModelName; quantity: Quantity }>({
  name: "derivative",
  about: "the loss of a training row alone, with its gradient by reverse mode, and with a derivative by forward mode",
  cases: [
    ...casesOf("mlp", "MLP", true),
    ...casesOf("cnn 2", "CNN, batch 2", true),
    ...casesOf("cnn 32", "CNN, batch 32", false),
  ],
  tolerance: () => 1e-4,
  inputs: ({ model }) => {
    const made = models[model]();
    return { ...made.inputs, ...directions(made) };
  },
  reference: (inputs, { model, quantity }) => {
    const { parameters, plain } = models[model]();
    const { loss, gradients } = plain(arraysOf(inputs, parameters));
    const value = Float64Array.of(loss);
    if (quantity === "loss") return [value];
    if (quantity === "gradient") return [value, ...parameters.map((name) => gradients[name]!)];
    let slope = 0;
    for (const name of parameters)
      gradients[name]!.forEach((g, k) => {
        slope += g * inputs[along(name)]!.data[k]!;
      });
    return [value, Float64Array.of(slope)];
  },
  work: () => ({}),
  implementations: {
    kinship: ({ ops, autodiff, compile, from }, inputs, { model, quantity }) => {
      const { parameters, inputs: own, loss } = models[model]();
      type State = Record<string, Tensor>;
      const f = loss(ops);
      const state = record(parameters, (name) => from(inputs[name]!));
      const direction = record(parameters, (name) => from(inputs[along(name)]!));
      const data = record(dataOf({ inputs: own, parameters }), (name) => from(inputs[name]!));
      const computed: Record<Quantity, (p: State, d: State, data: State) => Tensor[]> = {
        loss: (p, _, data) => [f(p, data)],
        gradient: (p, _, data) => {
          const [value, gradients] = autodiff.valueAndGrad((q: State) => f(q, data))(p);
          return [value, ...parameters.map((name) => gradients[name]!)];
        },
        "directional derivative": (p, d, data) => autodiff.jvp((q: State) => f(q, data), [p], [d]),
      };
      const program = compile(computed[quantity]);
      return {
        run: () => program(state, direction, data),
        read: (result) => (result as Tensor[]).map((tensor) => tensor.toTypedArray()),
      };
    },
  },
});
