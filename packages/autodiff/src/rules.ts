import {
  add,
  apply,
  broadcastTo,
  cast,
  type Maybe,
  mul,
  type PartialDerivative,
  type Site,
  sumTo,
  type Tensor,
  zerosLike,
} from "@kinship/tensor";

// Both modes follow from the one fact of calculus that a primitive declares.

export const addMaybe = (a: Maybe, b: Maybe): Maybe => (a && b ? add(a, b) : (a ?? b));

function scale(partial: PartialDerivative, site: Site, v: Tensor): Maybe {
  if (partial === 0) return undefined;
  return partial === 1 ? v : mul(v, typeof partial === "number" ? partial : partial(site));
}

/** Cotangents of the wanted inputs, given the cotangent of the output. */
export function pullback(site: Site, cotangent: Tensor, wanted: readonly boolean[]): Maybe[] {
  const { derivative } = site.primitive;
  const matched = (c: Maybe, k: number): Maybe => (c && wanted[k] ? cast(c, site.inputs[k].dtype) : undefined);
  switch (derivative.kind) {
    case "partials":
      return site.inputs.map((x, k) => {
        const own = wanted[k] ? scale(derivative.of[k], site, cotangent) : undefined;
        return matched(own && sumTo(own, x.shape), k);
      });
    case "linear":
    case "multilinear":
      return site.inputs.map((_, k) => matched(wanted[k] ? derivative.adjoint(cotangent, k, site) : undefined, k));
    case "custom":
      return [...derivative.vjp(cotangent, site, wanted)].map(matched);
    case "zero":
      return [];
  }
}

/** The tangent of the output, given the tangents of the inputs; undefined stands for zero. */
export function pushforward(site: Site, tangents: readonly Maybe[]): Maybe {
  const { primitive, inputs, output, params } = site;
  const { derivative } = primitive;
  const matched = (t: Maybe): Maybe => t && cast(broadcastTo(t, output.shape), output.dtype);
  switch (derivative.kind) {
    case "partials":
      return matched(
        tangents.map((t, k) => t && matched(scale(derivative.of[k], site, t))).reduce(addMaybe, undefined),
      );
    case "linear":
      return matched(
        apply(
          primitive,
          inputs.map((x, k) => tangents[k] ?? zerosLike(x)),
          params,
        ),
      );
    case "multilinear":
      return matched(
        tangents
          .map(
            (t, k) =>
              t &&
              apply(
                primitive,
                inputs.map((x, j) => (j === k ? t : x)),
                params,
              ),
          )
          .reduce(addMaybe, undefined),
      );
    case "custom":
      return matched(derivative.jvp(tangents, site));
    case "zero":
      return undefined;
  }
}
