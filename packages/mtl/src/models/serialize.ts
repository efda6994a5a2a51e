import type { LinearModel } from "../linear/model.js";

export const format = "kinship linear model";
export const version = 4;

/**
 * A model as JSON, every float64 to the bit: JSON's shortest decimals read back exactly, and −0, which JSON
 * would lose, is written as a text. `deserialize` is its inverse.
 */
export function serialize(model: LinearModel): string {
  const { method, features, intercept, lambda, lambdaIntercept, objective, certificate, pipeline } = model;
  const { loss, regularizer } = model;
  const { kind, tasks, latent, root, precision, descriptors = null } = model.kinship;
  const document = {
    format,
    version,
    method,
    loss,
    regularizer,
    features,
    intercept,
    lambda,
    lambdaIntercept,
    weights: model.weights,
    intercepts: model.intercepts,
    parts: model.parts,
    objective,
    certificate,
    kinship: {
      kind,
      tasks,
      latent,
      root,
      diagonal: precision.diagonal,
      from: precision.from,
      to: precision.to,
      value: precision.value,
      descriptors,
    },
    pipeline,
  };
  return JSON.stringify(document, (_key, value: unknown) => {
    if (value instanceof Float64Array || value instanceof Int32Array) return Array.from(value);
    return Object.is(value, -0) ? "-0" : value;
  });
}
