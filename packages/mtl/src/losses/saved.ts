import { InputError } from "../errors.js";
import { huber } from "./huber.js";
import { logistic } from "./logistic.js";
import type { Loss, Parameters } from "./loss.js";
import { multinomial } from "./multinomial.js";
import { poisson } from "./poisson.js";
import { squared } from "./squared.js";

/** What a model keeps of its loss. */
export interface LossDescription {
  readonly name: string;
  readonly parameters: Parameters;
}

export const describeLoss = ({ name, parameters }: Loss): LossDescription => ({ name, parameters });

/** The loss of a saved model. @throws InputError for a name that is none of this library's. */
export function lossOf({ name, parameters }: LossDescription): Loss {
  switch (name) {
    case "squared":
      return squared();
    case "huber":
      return huber({ threshold: Number(parameters.threshold) });
    case "logistic":
      return logistic();
    case "multinomial":
      return multinomial({ classes: Number(parameters.classes) });
    case "poisson":
      return poisson();
    default:
      throw new InputError(
        `the model was fitted with the loss "${name}", which is none of squared, huber, logistic, multinomial, poisson; ` +
          `apply its own link to the scores`,
      );
  }
}
